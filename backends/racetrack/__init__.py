"""Racetrack memory: arithmetic cells beside the tracks that hold the weights."""
