"""The golden in a scratch file, since compiling does not need its weights."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from functools import cached_property
from pathlib import Path

from onnx import ModelProto

__all__ = ["StoredModel"]


class StoredModel:
    """A serialised model, in memory only from when somebody first asks for it."""

    def __init__(self, content: bytes) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 (lives as long as this)
        weakref.finalize(self, self._file.close)
        self._file.write(content)

    @cached_property
    def model(self) -> ModelProto:
        """The model.

        Raises:
            DecodeError: the contents are no model.
        """
        self._file.seek(0)
        return ModelProto.FromString(self._file.read())

    def save(self, path: Path) -> None:
        """Write the contents to a file."""
        self._file.seek(0)
        with path.open("wb") as file:
            shutil.copyfileobj(self._file, file)
