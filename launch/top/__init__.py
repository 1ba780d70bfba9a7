"""The live view of the command line."""
