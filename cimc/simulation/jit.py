"""The one place that touches numba: ahead-of-use compilation and a float32 fma."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

__all__ = ["compiled", "fma"]

_log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

# numba has no type information; as Any it cannot leak unknown types.
_numba: Any = import_module("numba")
_types: Any = import_module("numba.core.types")
_extending: Any = import_module("numba.extending")


def compiled(
    signature: str, *, allocates: bool = False
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Compile a function for ``signature``, cached on disk, without the GIL.

    Division follows IEEE 754, and nothing is contracted or reassociated. References to
    arrays are counted, atomically for each part that is taken of one, only where the
    function ``allocates`` some; its callers hold all others.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        before = _numba.config.CACHE_DIR
        folder = _cache_folder(before, Path(function.__code__.co_filename).parent)
        _numba.config.CACHE_DIR = str(folder)
        try:
            return _numba.njit(
                signature,
                cache=folder is not None,
                nogil=True,
                error_model="numpy",
                _nrt=allocates,
            )(function)
        finally:
            _numba.config.CACHE_DIR = before

    return decorate


@cache
def _cache_folder(chosen: str, owner: Path) -> Path | None:
    """A folder for the machine code of exactly these sources, if one can be written.

    numba notices a change of the file that holds a function, but not of the functions
    and constants that it takes from other files; so the folder's name covers the
    shared parts and all files beside the function's own. It lies beside the shared
    sources or, where they are read-only, in the user's cache.
    """
    here = Path(__file__).parent
    files = [path for part in (here, owner) for path in sorted(part.glob("*.py"))]
    sources = b"".join(path.read_bytes() for path in files)
    machine = "shared" if owner == here else owner.parent.name
    name = f"{machine}-{hashlib.sha256(sources).hexdigest()[:16]}"
    user = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    roots = [chosen] if chosen else [here / "__pycache__", Path(user, "cimc")]
    folders = (Path(root, name) for root in roots)
    folder = next(filter(_writable, folders), None)
    if folder is None or not any(folder.rglob("*.nbi")):
        _announce(folder.parent if folder else None)
    return folder


@cache
def _announce(root: Path | None) -> None:
    """Say, once, that compiling takes a moment, and where the result is kept."""
    kept = f"kept in {root}" if root else "for this run: no folder to keep it"
    _log.info("compiling native code for this machine (%s)", kept)


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


@_extending.intrinsic
def fma(typing_context: Any, a: Any, b: Any, c: Any) -> Any:
    """a·b + c in float32, rounded once."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.fma(*args)

    f32 = _types.float32
    return f32(f32, f32, f32), generate
