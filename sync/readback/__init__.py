"""Reading back what Microsoft shows of everybody: whom to look at, what was seen, how it goes."""
