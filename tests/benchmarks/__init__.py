"""How long things take; see README.md."""
