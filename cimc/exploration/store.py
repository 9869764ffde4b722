"""Results of stages, kept by what they depend on: nothing is computed twice.

An entry is a file that is written in one step, so that one that is there is whole,
whenever and by how many processes it was written.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cimc import __version__
from cimc.driver.files import read_bytes, write_bytes

__all__ = ["Store", "digest", "versions"]


def versions() -> dict[str, str]:
    """Versions of what results depend on, and of how they travel."""
    python = "{}.{}".format(*sys.version_info)
    return {"cimc": __version__, "Python": python, **_packages()}


@cache
def _packages() -> dict[str, str]:
    """Versions of packages, which lie in files of their own."""
    names = ("numpy", "onnx", "onnxruntime", "ortools", "xdsl")
    return {name: version(name) for name in names}


def digest(*parts: object) -> str:
    """A name for what depends on ``parts``: bytes, and what JSON can say.

    Everything depends on the versions of the packages.
    """
    found = hashlib.sha256()
    for part in (versions(), *parts):
        if isinstance(part, bytes):
            data = part
        else:
            data = json.dumps(part, sort_keys=True).encode()
        found.update(len(data).to_bytes(8, "little") + data)
    return found.hexdigest()


@dataclass(frozen=True)
class Store:
    """A folder of results by stage and digest."""

    folder: Path

    def data(self, stage: str, key: str, compute: Callable[[], bytes]) -> bytes:
        """The entry of a stage, computed if it is not there."""
        path = self.folder / stage / key[:2] / key[2:]
        if path.exists():
            return read_bytes(path)
        found = compute()
        write_bytes(path, found)
        return found

    def value(self, stage: str, key: str, compute: Callable[[], Any]) -> Any:
        """The same for what JSON can hold."""
        return json.loads(self.data(stage, key, lambda: json.dumps(compute()).encode()))
