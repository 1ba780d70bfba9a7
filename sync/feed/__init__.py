"""Whether Zoom's feed is alive, and what was missed."""
