"""``cimc robustness``: an artifact on chips that are not ideal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from cimc.cli import options
from cimc.cli.console import console, progress
from cimc.cli.output import print_json

if TYPE_CHECKING:
    from cimc.exploration.specimens import Robustness

__all__ = ["robustness"]


def robustness(
    artifact: options.ArtifactDirectory,
    nonidealities: Annotated[
        str,
        typer.Option(
            metavar="NAME|FILE",
            help="What devices do other than they should: a preset of the target or "
            "a YAML file.",
        ),
    ],
    input: options.InputFile = None,
    images: Annotated[
        int | None, typer.Option(min=1, help="Images, from the first on. Default: all.")
    ] = None,
    specimens: Annotated[
        int, typer.Option(min=1, help="Chips, with seeds from --seed on.")
    ] = 5,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the first chip.")] = 0,
    repair: Annotated[
        str,
        typer.Option(
            help="What is done about faults; on rram: none, remap (other rows and "
            "columns), compensate (other levels beside stuck cells), both."
        ),
    ] = "none",
    as_json: options.Json = False,
) -> None:
    """Run an artifact on chips whose devices are not ideal."""
    from cimc.driver import load
    from cimc.target import Specimen

    with options.needs_extra("robustness"):
        from cimc.exploration.specimens import run_specimens
    loaded = load(artifact)
    described = loaded.target.nonidealities(nonidealities)
    source = options.image_source(input, artifact / "model.onnx")(loaded.model)
    chips = [
        Specimen(described, number, repair) for number in range(seed, seed + specimens)
    ]
    with progress("simulating") as bar:
        found = run_specimens(loaded, source.first(images), chips, bar)
    if as_json:
        print_json(found.as_json())
    _show(found, described.name)


def _show(found: Robustness, name: str) -> None:
    """Print what each specimen made of the images, and what follows."""
    table = Table("seed", box=SIMPLE_HEAD, pad_edge=False)
    for column in ("images", "like onnxruntime", "correct"):
        table.add_column(column, justify="right")
    for tally in found.tallies:
        correct = "" if tally.correct is None else str(tally.correct)
        table.add_row(str(tally.seed), str(tally.images), str(tally.agreeing), correct)
    console.print(table)
    text = f"{name}: {found.mean:.1%} right"
    if found.interval is not None:
        low, high = found.interval
        text += f" (95 % interval of the mean: {low:.1%} to {high:.1%})"
    console.print(f"{text}, ideal chip {found.ideal:.1%}", markup=False)
