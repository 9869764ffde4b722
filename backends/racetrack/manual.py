"""Rewrites the generated tables of README.md beside this file."""

from __future__ import annotations

from pathlib import Path

from cimc.backends.racetrack.instruction_set import ISA
from cimc.isa.manual import updated

__all__ = ["README"]

README = Path(__file__).parent / "README.md"

if __name__ == "__main__":
    README.write_text(updated(ISA, README.read_text("utf-8")), "utf-8")
