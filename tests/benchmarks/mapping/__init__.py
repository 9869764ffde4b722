"""``python -m tests.benchmarks.mapping STUDY``: how networks map to RRAM chips."""
