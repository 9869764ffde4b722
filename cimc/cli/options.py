"""Options that several commands share, and how their texts are read."""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cimc import objective
from cimc.diagnostics import InputError

if TYPE_CHECKING:
    from onnx import ModelProto

    from cimc.driver import Images, ImageSource
    from cimc.frontend import Calibration

__all__ = [
    "AnyTarget",
    "ArtifactDirectory",
    "Batch",
    "Calib",
    "CalibMethod",
    "Chip",
    "Chips",
    "InputFile",
    "Json",
    "Model",
    "Objective",
    "Segment",
    "Shape",
    "TargetName",
    "TargetNames",
    "calibration",
    "image_source",
    "needs_extra",
    "parse_shapes",
    "refuse_for_several",
    "target_chip_pairs",
]

Model = Annotated[
    Path, typer.Argument(help="ONNX model: float, QDQ or QLinear.", show_default=False)
]
InputFile = Annotated[
    Path | None,
    typer.Option(
        help="Images: an .npz with one array per input, images along the first axis "
        "(and 'labels' for accuracy). Default: the samples that the model names, "
        "else random ones, as many as are under way at the same time.",
    ),
]
ArtifactDirectory = Annotated[
    Path,
    typer.Argument(help="Directory that `cimc compile` wrote.", show_default=False),
]
TargetName = Annotated[
    str, typer.Option("--target", help="Kind of hardware.", metavar="NAME")
]
TargetNames = Annotated[
    str,
    typer.Option(
        "--target",
        help="Kind of hardware. Several with commas between them are compared.",
        metavar="NAME[,NAME]",
    ),
]
AnyTarget = Annotated[
    str | None,
    typer.Option("--target", help="Kind of hardware, by default any.", metavar="NAME"),
]
Chip = Annotated[
    str | None,
    typer.Option(
        help="Chip preset or YAML file (see `cimc chips`).", metavar="NAME|FILE"
    ),
]
Chips = Annotated[
    str | None,
    typer.Option(
        help="Chip preset or YAML file (see `cimc chips`). Several with commas between "
        "them are compared, one for each target, or all of the same target.",
        metavar="NAME|FILE[,NAME|FILE]",
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
CalibMethod = Annotated[
    str,
    typer.Option(
        help="Range of activations: all values that the data gives (minmax), all but "
        "the rarest (percentile), or what loses least information (entropy).",
        metavar="METHOD",
    ),
]
Shape = Annotated[
    list[str] | None,
    typer.Option(
        help="Shape of an input with dynamic axes, e.g. in=1,3,224,224.",
        metavar="NAME=N,C,H,W",
    ),
]
Objective = Annotated[
    objective.Objective,
    typer.Option(
        help="What to spend crossbars or arrays on: copies of layers for the time of "
        "an image, for images per second (with --batch), for energy; or none (area)."
    ),
]
Batch = Annotated[
    int,
    typer.Option(
        min=1,
        help="Images that may be under way at the same time: each layer begins the "
        "next one when it is through with one.",
    ),
]
Segment = Annotated[
    int | None,
    typer.Option(help="Which program, if the artifact has several device segments."),
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


def calibration(text: str | None, method: str = "minmax") -> Calibration | None:
    """What ``--calib`` names: a path, or the word ``random``; with a method."""
    from cimc.frontend.calibration import calibration_with

    data = text if text is None or text == "random" else Path(text)
    return calibration_with(data, method)


def target_chip_pairs(targets: str, chips: str | None) -> list[tuple[str, str | None]]:
    """The target and the chip of each machine; no chip stands for the default.

    Raises:
        InputError: there are neither as many chips as targets nor one target (E005).
    """
    names = _listed("--target", targets)
    if chips is None or os.path.isfile(chips):
        chosen: list[str | None] = [chips]
    else:
        chosen = [*_listed("--chip", chips)]
    if len(names) == 1:
        return [(names[0], chip) for chip in chosen]
    if chips is None:
        return [(name, None) for name in names]
    if len(names) != len(chosen):
        raise InputError(
            "E005",
            f"{len(names)} targets and {len(chosen)} chip(s) make no pairs",
            where="--chip",
            hints=(
                "one chip for each target, in their order",
                "name a target again for a further chip: --target A,A,B",
            ),
        )
    return list(zip(names, chosen, strict=True))


def refuse_for_several(given: Mapping[str, bool]) -> None:
    """Refuse options (by whether they are given) that are about one machine only.

    Raises:
        InputError: one of them is given (E005).
    """
    for option, is_given in given.items():
        if is_given:
            raise InputError(
                "E005",
                "is for one machine, not for several",
                where=option,
                hints=("one --target and one --chip", "--dump-ir, which takes several"),
            )


def _listed(option: str, text: str) -> list[str]:
    """The items of a list with commas, where there is more than one."""
    items = [item.strip() for item in text.split(",")] if "," in text else [text]
    if len(items) > 1 and "" in items:
        raise InputError(
            "E005",
            f"nothing stands at a comma in {text!r}",
            where=option,
            hints=("write it as a,b",),
        )
    return items


def image_source(chosen: Path | None, model_file: Path, batch: int = 1) -> ImageSource:
    """The user's images, else the model's own samples, else a random batch."""
    from cimc.driver import load_images, named_samples, random_images

    def source(model: ModelProto) -> Images:
        path = chosen or named_samples(model_file)
        return load_images(model, path) if path else random_images(model, batch)

    return source


@contextmanager
def needs_extra(what: str) -> Generator[None]:
    """Imports of packages that only ``cimc[explore]`` brings.

    Raises:
        InputError: one of them is missing (E157).
    """
    try:
        yield
    except ImportError as error:
        raise InputError(
            "E157",
            f"{what} needs packages that are not installed: {error}",
            hints=("pip install 'cimc[explore]'",),
        ) from error
