"""Taking people who are due, and carrying plans out."""
