"""Putting the product together and running it. Everything is wired here, by hand."""
