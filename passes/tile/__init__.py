"""Passes on the tile level, in the order in which a pipeline runs them."""
