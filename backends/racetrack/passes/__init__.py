"""Passes on the tile level that only racetrack memory needs."""
