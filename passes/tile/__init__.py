"""Passes on the tile level, and what they share."""
