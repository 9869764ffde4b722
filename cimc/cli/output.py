"""What a program reads: on stdout, or in a file."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["print_json", "write_text"]


def write_text(text: str, output: Path | None = None) -> None:
    """Write to a file, or to standard output.

    Raises:
        InputError: the file cannot be written (E052).
    """
    from cimc.driver.files import write_bytes

    if output is None:
        sys.stdout.write(text)
    else:
        write_bytes(output, text.encode())


def print_json(document: Mapping[str, Any]) -> None:
    """Write a document to standard output."""
    write_text(json.dumps(document, indent=2) + "\n")
