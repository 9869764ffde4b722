"""The one place that touches numba: ahead-of-use compilation and a float32 fma."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

__all__ = ["compiled", "fma"]

P = ParamSpec("P")
R = TypeVar("R")

# numba has no type information; as Any it cannot leak unknown types.
_numba: Any = import_module("numba")
_types: Any = import_module("numba.core.types")
_extending: Any = import_module("numba.extending")


def compiled(signature: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Compile a function for ``signature``, cached on disk, without the GIL.

    Division follows IEEE 754, and nothing is contracted or reassociated.
    """
    jit = _numba.njit(signature, cache=True, nogil=True, error_model="numpy")

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        before = _numba.config.CACHE_DIR
        _numba.config.CACHE_DIR = _cache_folder(before)
        try:
            return jit(function)
        finally:
            _numba.config.CACHE_DIR = before

    return decorate


@cache
def _cache_folder(chosen: str) -> str:
    """A folder for the machine code of exactly these sources.

    numba notices a change of the file that holds a function, but not of the functions
    and constants that it takes from other files; so the folder's name covers them all.
    """
    here = Path(__file__).parent
    sources = b"".join(path.read_bytes() for path in sorted(here.glob("*.py")))
    name = f"rram-{hashlib.sha256(sources).hexdigest()[:16]}"
    if chosen:
        return str(Path(chosen) / name)
    if os.access(here, os.W_OK):
        return str(here / "__pycache__" / name)
    return str(Path.home() / ".cache" / "cimc" / name)


@_extending.intrinsic
def fma(typing_context: Any, a: Any, b: Any, c: Any) -> Any:
    """a·b + c in float32, rounded once."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.fma(*args)

    f32 = _types.float32
    return f32(f32, f32, f32), generate
