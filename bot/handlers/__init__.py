"""Commands and clicks, one module for each topic."""
