"""Python's collector of dead cycles, paused where there are none worth the search."""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import contextmanager

__all__ = ["collector_paused"]


@contextmanager
def collector_paused() -> Generator[None]:
    """Let Python not look for dead cycles in IR, which is one large, living cycle.

    Afterwards the IR counts as old: it is looked at with all that is old, or when the
    collector is paused again, and not when the next few objects come.
    """
    enabled = gc.isenabled()
    if enabled:
        gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.freeze()
            gc.unfreeze()
            gc.enable()
