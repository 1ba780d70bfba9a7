"""A list as a file, for the admin who asked for it and nobody else."""
