"""Which chips hold a network: found by compiling for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xdsl.dialects.builtin import ModuleOp

from cimc.context import CompilationContext
from cimc.diagnostics import DoesNotFitError
from cimc.driver.passes import parse_passes, run_passes
from cimc.target import Chip, Target
from cimc.weights import WeightStore

__all__ = ["fitting_chips", "try_chip", "with_fitting_chips"]


def try_chip(
    module: ModuleOp, weights: WeightStore, target: Target, chip: Chip
) -> Mapping[str, Any]:
    """Static metrics of a ``cnn`` module compiled for ``chip``, which is not kept.

    Raises:
        DoesNotFitError: the chip is too small.
    """
    copy = module.clone()
    target.attach_chip(copy, chip)
    context = CompilationContext(weights=WeightStore(weights))
    # Of the copy only numbers are kept, and verifying takes most of the time.
    passes = parse_passes(target.pipeline(chip, "area"))
    run_passes(copy, context, passes, verify=False)
    return target.static_metrics(copy, chip)


def fitting_chips(module: ModuleOp, weights: WeightStore, target: Target) -> list[str]:
    """Presets of the target that hold the network, in the target's order."""
    fitting: list[str] = []
    for name in target.chip_names():
        try:
            try_chip(module, weights, target, target.load_chip(name))
        except DoesNotFitError:
            continue
        fitting.append(name)
    return fitting


def with_fitting_chips(
    error: DoesNotFitError, module: ModuleOp, weights: WeightStore, target: Target
) -> DoesNotFitError:
    """The same error with a hint at the presets that would do."""
    fitting = fitting_chips(module, weights, target)
    found = error.diagnostic
    hint = (
        f"--chip {fitting[0]}" + (f" (or {', '.join(fitting[1:])})" * bool(fitting[1:]))
        if fitting
        else f"no preset of target {target.name} holds this network"
    )
    return DoesNotFitError(
        found.code,
        found.message,
        where=found.where,
        notes=found.notes,
        hints=(hint, *found.hints),
    )
