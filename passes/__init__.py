"""Target-independent passes: on the graph and on the tile level."""
