"""``--dump-ir`` and ``--print-ir-after-all``: the IR after every pass."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cimc.cli.console import console
from cimc.driver import text_of
from cimc.driver.files import write_bytes

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp

    from cimc.weights import WeightStore

__all__ = ["Dumps"]

#: Constants beside a dump, which ``cimc opt`` picks up.
WEIGHTS_FILE = "weights.npz"


@dataclass
class Dumps:
    """Shows the module after each pass: in numbered files, and on the terminal."""

    folder: Path | None
    on_terminal: bool
    count: int = 0

    def observe(self, name: str, module: ModuleOp, seconds: float) -> None:
        """Write the module as it is after the pass ``name``."""
        if self.folder is None and not self.on_terminal:
            return
        text = text_of(module)
        if self.folder is not None:
            if not self.count:
                _remove_earlier(self.folder)
            write_bytes(self.folder / f"{self.count:02}-{name}.mlir", text.encode())
        if self.on_terminal:
            console.print(f"// after {name}", markup=False)
            console.print(text, markup=False, soft_wrap=True)
        self.count += 1

    def save_weights(self, weights: WeightStore) -> None:
        """Write the constants that the dumps refer to."""
        if self.folder is not None:
            weights.save(self.folder / WEIGHTS_FILE)


def _remove_earlier(folder: Path) -> None:
    """Remove the dumps of an earlier run, which refer to other constants."""
    for file in folder.glob("[0-9][0-9]-*.mlir"):
        file.unlink()
