"""Benchmarks: our speed beside that of what people would use instead, in the same run."""
