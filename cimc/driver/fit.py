"""Which chips hold a network: found by compiling for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from xdsl.dialects.builtin import ModuleOp

from cimc.context import CompilationContext
from cimc.diagnostics import DoesNotFitError
from cimc.driver.passes import parse_passes, run_passes
from cimc.passes.tile.phases import phases_of
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
    *_, compiled = _compilation(module, weights, target, chip, batch)
    return target.static_metrics(compiled, chip)


def _compilation(
    module: ModuleOp, weights: WeightStore, target: Target, chip: Chip, batch: int
) -> Iterator[ModuleOp]:
    """A copy of the module after each pass, the same one every time."""
    copy = module.clone()
    target.attach_chip(copy, chip)
    context = CompilationContext(weights=WeightStore(weights))
    for pass_ in parse_passes(target.pipeline_for(chip, "area", batch)):
        # Of the copy only numbers are kept, and verifying takes most of the time.
        run_passes(copy, context, [pass_], verify=False)
        yield copy


def phases_by_chip(
    module: ModuleOp, weights: WeightStore, target: Target, batch: int = 1
) -> dict[str, int]:
    """In how many phases presets of the target run the network, in the target's order.

    That is 1 if a preset holds it at once; those that cannot run it are left out. Once
    a network is in phases, what else it needs is not tried.
    """
    found: dict[str, int] = {}
    for name in target.chip_names():
        try:
            found[name] = _phases(
                module, weights, target, target.load_chip(name), batch
            )
        except DoesNotFitError:
            continue
    return found


def _phases(
    module: ModuleOp, weights: WeightStore, target: Target, chip: Chip, batch: int
) -> int:
    count = 1
    for copy in _compilation(module, weights, target, chip, batch):
        count = len(phases_of(copy))
        if count > 1:
            break
    return count


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
