"""Benchmarks: `make bench`. What is measured, how, and the last results: docs/performance.md."""
