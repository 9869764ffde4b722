"""``quantize``: from a float model to a file in quantised normal form."""

from __future__ import annotations

from pathlib import Path
from typing import cast, get_args

from cimc.diagnostics import InputError
from cimc.driver.files import write_bytes
from cimc.frontend import Activations, Calibration, Shapes, Source, quantise_model

__all__ = ["quantise_file"]


def quantise_file(
    source: Source,
    output: Path,
    *,
    calibration: Calibration | None = None,
    shapes: Shapes | None = None,
    activations: str = "uint8",
) -> None:
    """Quantise ``source`` and write it to ``output``.

    Raises:
        InputError: the model, the data or an option is at fault, or the file cannot
            be written.
    """
    if activations not in get_args(Activations):
        raise InputError(
            "E003",
            f"unknown type {activations!r}",
            where="--activations",
            hints=(f"one of: {', '.join(get_args(Activations))}",),
        )
    model = quantise_model(
        source,
        shapes=shapes,
        calibration=calibration,
        activations=cast(Activations, activations),
    )
    write_bytes(output, model.SerializeToString(deterministic=True))
