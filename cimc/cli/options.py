"""Options that several commands share, and how their texts are read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cimc.diagnostics import InputError

__all__ = [
    "ArtifactDirectory",
    "Calib",
    "Chip",
    "Json",
    "Model",
    "Shape",
    "TargetName",
    "calibration",
    "parse_shapes",
]

Model = Annotated[
    Path, typer.Argument(help="ONNX model: float, QDQ or QLinear.", show_default=False)
]
ArtifactDirectory = Annotated[
    Path,
    typer.Argument(help="Directory that `cimc compile` wrote.", show_default=False),
]
TargetName = Annotated[
    str, typer.Option("--target", help="Kind of hardware.", metavar="NAME")
]
Chip = Annotated[
    str | None,
    typer.Option(
        help="Chip preset or YAML file (see `cimc chips`).", metavar="NAME|FILE"
    ),
]
Calib = Annotated[
    str | None,
    typer.Option(
        help="Calibration data for a float model: an .npz file or a folder; or "
        "'random', which makes accuracy meaningless.",
        metavar="FILE|DIR",
    ),
]
Shape = Annotated[
    list[str] | None,
    typer.Option(
        help="Shape of an input with dynamic axes, e.g. in=1,3,224,224.",
        metavar="NAME=N,C,H,W",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def parse_shapes(texts: list[str] | None) -> dict[str, tuple[int, ...]] | None:
    """Shapes by input name from texts such as ``in=1,3,224,224``.

    Raises:
        InputError: a text has another form (E002).
    """
    shapes: dict[str, tuple[int, ...]] = {}
    for text in texts or []:
        name, _, sizes = text.rpartition("=")
        try:
            shapes[name] = tuple(int(size) for size in sizes.split(","))
        except ValueError:
            shapes[name] = ()
        if not name or not shapes[name] or min(shapes[name]) < 1:
            raise InputError(
                "E002",
                f"cannot read the shape {text!r}",
                where="--shape",
                hints=("write it as input=1,3,224,224",),
            )
    return shapes or None


def calibration(text: str | None) -> Path | str | None:
    """What ``--calib`` names: a path, or the word ``random``."""
    return text if text is None or text == "random" else Path(text)
