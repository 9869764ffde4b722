"""Writing single files: complete or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from cimc.diagnostics import InputError

__all__ = ["read_bytes", "read_text", "write_bytes"]


def read_text(path: Path) -> str:
    """The text of a file.

    Raises:
        InputError: it cannot be read (E054).
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("E054", f"cannot be read: {error}", where=str(path)) from error


def read_bytes(path: Path) -> bytes:
    """The contents of a file.

    Raises:
        InputError: it cannot be read (E054).
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            "E054",
            f"cannot be read: {error.strerror or error}",
            where=str(path),
            hints=("check the path",),
        ) from error


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file in one step, and the folders it lies in.

    Raises:
        InputError: it cannot be written (E052).
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, scratch = tempfile.mkstemp(prefix=".cimc-", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            os.chmod(scratch, 0o644)
            os.replace(scratch, path)
        finally:
            Path(scratch).unlink(missing_ok=True)
    except OSError as error:
        raise InputError(
            "E052",
            f"cannot be written: {error.strerror or error}",
            where=str(path),
            hints=("choose another place",),
        ) from error
