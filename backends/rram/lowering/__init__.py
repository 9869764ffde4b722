"""From the tile level to programs of RRAM cores."""
