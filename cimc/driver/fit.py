"""Which chips hold a network, and how its device segments share one: by compiling."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import inf
from typing import Any

from xdsl.dialects.builtin import ModuleOp

from cimc.context import CompilationContext
from cimc.diagnostics import DoesNotFitError
from cimc.driver.passes import parse_passes, run_passes
from cimc.driver.totals import total
from cimc.frontend import ImportedModel
from cimc.passes.tile.phases import phases_of
from cimc.target import Chip, Part, Target
from cimc.weights import WeightStore

__all__ = ["crossings", "parts_of", "phases_by_chip", "try_chip", "with_fitting_chips"]


def try_chip(
    model: ImportedModel, target: Target, chip: Chip, batch: int = 1
) -> Mapping[str, Any]:
    """Static metrics of a model compiled for ``chip``, which is not kept.

    Raises:
        DoesNotFitError: the chip is too small.
    """
    modules = [module for module, _ in _compiled(model, target, chip, batch)]
    parts = _parts(target, chip, modules)
    chips = [part.of(chip) for part in parts] if parts else [chip] * len(modules)
    found = map(target.static_metrics, modules, chips)
    return total(list(found), crossings(model, target, chip), together=bool(parts))


def parts_of(
    model: ImportedModel, target: Target, chip: Chip, batch: int = 1
) -> Sequence[Part] | None:
    """Parts of a chip for the device segments; None if it does not hold them all.

    One segment has the whole chip.

    Raises:
        DoesNotFitError: one of several segments does not even fit alone.
    """
    if len(model.segments) == 1:
        return None
    found = _compiled(model, target, chip, batch, phases=1)
    if any(phases > 1 for _, phases in found):
        return None
    return _parts(target, chip, [module for module, _ in found])


def crossings(
    model: ImportedModel, target: Target, chip: Chip
) -> list[Mapping[str, Any]]:
    """What the way to the host and back takes at the border of each segment."""
    return [target.crossing(chip, *found.bytes_across) for found in model.segments]


def _parts(
    target: Target, chip: Chip, modules: Sequence[ModuleOp]
) -> Sequence[Part] | None:
    """See :func:`parts_of`; a single segment has a part that is the whole chip."""
    return [Part(0, {})] if len(modules) == 1 else target.share(chip, modules)


def _compiled(
    model: ImportedModel,
    target: Target,
    chip: Chip,
    batch: int,
    phases: float = inf,
) -> list[tuple[ModuleOp, int]]:
    """Each segment compiled for the whole chip, and in how many phases it runs.

    Pass after pass goes through all segments: once one of them is in more than
    ``phases``, nothing else is tried.
    """
    ways = [
        _compilation(segment.module, model.weights, target, chip, batch)
        for segment in model.segments
    ]
    found = [(segment.module, 1) for segment in model.segments]
    for modules in zip(*ways, strict=True):
        # Programs no longer tell.
        counts = [
            max(n, len(phases_of(m))) for m, (_, n) in zip(modules, found, strict=True)
        ]
        found = list(zip(modules, counts, strict=True))
        if max(counts) > phases:
            break
    return found


def _compilation(
    module: ModuleOp, weights: WeightStore, target: Target, chip: Chip, batch: int
) -> Iterator[ModuleOp]:
    """A copy of the module after each pass, the same one every time."""
    copy = module.clone()
    target.attach_chip(copy, chip)
    context = CompilationContext(weights=weights.only(weights))
    for pass_ in parse_passes(target.pipeline_for(chip, "area", batch)):
        # Of the copy only numbers are kept, and verifying takes most of the time.
        run_passes(copy, context, [pass_], verify=False)
        yield copy


def phases_by_chip(
    model: ImportedModel, target: Target, batch: int = 1
) -> dict[str, int]:
    """In how many phases presets of the target run a model, in the target's order.

    That is 1 if a preset holds it at once; those that cannot run it are left out. Once
    a segment is in phases, what else it needs is not tried.
    """
    found: dict[str, int] = {}
    for name in target.chip_names():
        try:
            found[name] = _phases(model, target, target.load_chip(name), batch)
        except DoesNotFitError:
            continue
    return found


def _phases(model: ImportedModel, target: Target, chip: Chip, batch: int) -> int:
    """Phases of all segments; those that are on the chip together make one."""
    found = _compiled(model, target, chip, batch, phases=1)
    modules, counts = [module for module, _ in found], [count for _, count in found]
    if max(counts) == 1 and _parts(target, chip, modules) is not None:
        return 1
    return sum(counts)


def with_fitting_chips(
    error: DoesNotFitError,
    model: ImportedModel,
    target: Target,
    chip: Chip,
    batch: int = 1,
) -> DoesNotFitError:
    """The same error, of a compilation for ``chip``, with a hint at other presets."""
    fitting = [
        name if count == 1 else f"{name} in {count} phases"
        for name, count in phases_by_chip(model, target, batch).items()
        if target.load_chip(name) != chip
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
