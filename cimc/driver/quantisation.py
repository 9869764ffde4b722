"""``quantize``: from a float model to a file in quantised normal form."""

from __future__ import annotations

from pathlib import Path
from typing import cast, get_args

from cimc.diagnostics import InputError
from cimc.driver.files import write_bytes
from cimc.frontend import (
    Activations,
    Calibration,
    NoiseReport,
    Shapes,
    Source,
    Weights,
    noise_report,
    quantise_model,
)

__all__ = ["quantise_file"]


def quantise_file(
    source: Source,
    output: Path,
    *,
    calibration: Calibration | None = None,
    shapes: Shapes | None = None,
    activations: str = "uint8",
    weights: str = "int8",
    report: bool = False,
) -> NoiseReport | None:
    """Quantise ``source`` and write it to ``output``.

    Returns what that costs layer by layer, if a ``report`` is wanted.

    Raises:
        InputError: the model, the data or an option is at fault, or the file cannot
            be written.
    """
    _check_type("--activations", activations, get_args(Activations))
    _check_type("--weights", weights, get_args(Weights))
    model = quantise_model(
        source,
        shapes=shapes,
        calibration=calibration,
        activations=cast(Activations, activations),
        weights=cast(Weights, weights),
    )
    found = None
    if report:
        assert calibration is not None, "a float model needs it, others are refused"
        found = noise_report(source, model, calibration, shapes)
    write_bytes(output, model.SerializeToString(deterministic=True))
    return found


def _check_type(option: str, given: str, known: tuple[str, ...]) -> None:
    if given not in known:
        raise InputError(
            "E003",
            f"unknown type {given!r}",
            where=option,
            hints=(f"one of: {', '.join(known)}",),
        )
