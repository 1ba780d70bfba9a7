"""`python app.py setup`: from nothing to a `.env` that works, with whoever sits at the terminal."""
