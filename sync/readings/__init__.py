"""What is read whole from outside, or not at all: when, by whom, and how it went."""
