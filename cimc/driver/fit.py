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

__all__ = ["phases_by_chip", "try_chip", "with_fitting_chips"]


def try_chip(
    module: ModuleOp, weights: WeightStore, target: Target, chip: Chip, batch: int = 1
) -> Mapping[str, Any]:
    """Static metrics of a ``cnn`` module compiled for ``chip``, which is not kept.

    Raises:
        DoesNotFitError: the chip is too small.
    """
    copy = module.clone()
    target.attach_chip(copy, chip)
    context = CompilationContext(weights=WeightStore(weights))
    # Of the copy only numbers are kept, and verifying takes most of the time.
    passes = parse_passes(target.pipeline_for(chip, "area", batch))
    run_passes(copy, context, passes, verify=False)
    return target.static_metrics(copy, chip)


def phases_by_chip(
    module: ModuleOp, weights: WeightStore, target: Target, batch: int = 1
) -> dict[str, int]:
    """In how many phases presets of the target run the network, in the target's order.

    That is 1 if a preset holds it at once; those that cannot run it are left out.
    """
    found: dict[str, int] = {}
    for name in target.chip_names():
        try:
            metrics = try_chip(module, weights, target, target.load_chip(name), batch)
        except DoesNotFitError:
            continue
        found[name] = len(metrics.get("phases", [name]))
    return found


def with_fitting_chips(
    error: DoesNotFitError,
    module: ModuleOp,
    weights: WeightStore,
    target: Target,
    batch: int = 1,
) -> DoesNotFitError:
    """The same error with a hint at the presets that would do."""
    fitting = [
        name if count == 1 else f"{name} in {count} phases"
        for name, count in phases_by_chip(module, weights, target, batch).items()
    ]
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
