"""The command line: ``cimc``."""

from cimc.cli.main import main

__all__ = ["main"]
