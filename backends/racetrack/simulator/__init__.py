"""The ISA simulator of racetrack banks."""
