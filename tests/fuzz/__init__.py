"""Arbitrary input at every door of cimc: only diagnostics may come out."""
