"""Executable meaning of the target-independent levels, in numpy."""
