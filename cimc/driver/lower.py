"""One device segment: from its ``cnn`` module to a program."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

from xdsl.dialects.builtin import ModuleOp

from cimc.context import CompilationContext
from cimc.diagnostics import CimcWarning, DoesNotFitError, InputError
from cimc.driver.levels import level_of
from cimc.driver.machines import Machine
from cimc.driver.passes import Observer, parse_passes, run_passes
from cimc.isa.declared import Instruction
from cimc.objective import Objective
from cimc.weights import WeightStore

__all__ = ["Lowered", "Watcher", "Way", "lower"]

Watcher = Callable[[WeightStore], Observer]
"""Gives whom to call with the imported module and after each pass; it may execute the
module with these constants."""


@dataclass(frozen=True)
class Way:
    """How to compile: ``pipeline`` replaces that of the target for the other two.

    ``verify`` checks the rules of the IR after every pass.
    """

    objective: Objective = "latency"
    batch: int = 1
    pipeline: str | None = None
    verify: bool = False

    def text(self, machine: Machine) -> str:
        """The pipeline for a machine."""
        if self.pipeline is not None:
            return self.pipeline
        return machine.target.pipeline_for(machine.chip, self.objective, self.batch)


@dataclass(frozen=True)
class Lowered:
    """A program and how it came about.

    ``weights`` are the constants that IR of any level refers to, ``used`` those of the
    program; ``metrics`` follow from it alone. Encoding it took ``seconds``.
    """

    program: bytes
    pipeline: str
    weights: WeightStore
    used: WeightStore
    metrics: Mapping[str, Any]
    gaps: Mapping[str, float]
    seconds: float


def lower(
    module: ModuleOp,
    weights: WeightStore,
    machine: Machine,
    way: Way,
    watch: Watcher,
) -> Lowered:
    """Compile a copy of ``module``; with one copy of each layer if more do not fit.

    Raises:
        InputError: the pipeline is at fault.
        DoesNotFitError: the segment does not fit the machine.
    """
    try:
        return _lower(module, weights, machine, way, watch)
    except DoesNotFitError as error:
        if way.pipeline is not None or way.objective == "area":
            raise
        frugal = replace(way, objective="area")
        lowered = _lower(module, weights, machine, frugal, watch)
        found = error.diagnostic
        warnings.warn(
            CimcWarning(
                "W106",
                f"there is one copy of each layer, since with more {found.message}",
                where=found.where,
                hints=("--objective area says so at once", *found.hints),
            ),
            stacklevel=4,
        )
        return lowered


def _lower(
    module: ModuleOp,
    weights: WeightStore,
    machine: Machine,
    way: Way,
    watch: Watcher,
) -> Lowered:
    backend, text = machine.target, way.text(machine)
    passes = parse_passes(text)
    module = module.clone()
    backend.attach_chip(module, machine.chip)
    context = CompilationContext(weights=weights.only(weights))
    observer = watch(context.weights)
    observer("import", module, 0.0)
    run_passes(module, context, passes, observer, verify=way.verify)
    if (level := level_of(module)) != "isa":
        default = replace(way, pipeline=None).text(machine)
        raise InputError(
            "E075",
            f"the pipeline ends at the {level} level, so there is no program",
            where="-p",
            hints=(
                "cimc opt, which runs part of a pipeline",
                f"the default: {default}",
            ),
        )
    start = perf_counter()
    program = backend.encode(module)
    seconds = perf_counter() - start
    return Lowered(
        program,
        text,
        context.weights,
        _used(module, context.weights),
        backend.static_metrics(module, machine.chip),
        context.gaps,
        seconds,
    )


def _used(module: ModuleOp, weights: WeightStore) -> WeightStore:
    """The constants that the operations of a program refer to."""
    references = {
        constant
        for op in module.walk()
        if isinstance(op, Instruction)
        for constant in op.constants()
    }
    return weights.only(sorted(reference.symbol.data for reference in references))
