"""Small servers to compare with: each is a process of its own, started by bench.processes."""
