"""From the tile level to programs of racetrack banks."""
