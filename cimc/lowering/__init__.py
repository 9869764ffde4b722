"""What lowerings from the tile level to instruction sets share."""
