"""The backends, one package per machine."""
