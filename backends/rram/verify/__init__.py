"""What holds for every timing of an RRAM program, proven without running it."""
