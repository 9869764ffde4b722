"""Phases: the sweeps between two ``tile.reprogram``, for which crossbars stay."""

from __future__ import annotations

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue

from cimc.dialects import tile

__all__ = ["handed_over", "lifetimes", "phases_of"]


def phases_of(module: ModuleOp) -> list[list[tile.SweepOp]]:
    """The sweeps of each phase in program order; one phase if nothing cuts it."""
    phases: list[list[tile.SweepOp]] = [[]]
    for op in module.body.block.ops:
        if isinstance(op, tile.SweepOp):
            phases[-1].append(op)
        elif isinstance(op, tile.ReprogramOp):
            phases.append([])
    return phases


def lifetimes(phases: list[list[tile.SweepOp]]) -> dict[SSAValue, range]:
    """From the first to the last phase in which each buffer is accessed."""
    found: dict[SSAValue, range] = {}
    for number, sweeps in enumerate(phases):
        used = dict.fromkeys(
            operand
            for sweep in sweeps
            for op in sweep.operations
            for operand in op.operands
        )
        for buffer in used:
            if isinstance(buffer.owner, tile.FeatureMapOp | tile.PartialSumsOp):
                first = found.get(buffer, range(number, 0)).start
                found[buffer] = range(first, number + 1)
    return found


def handed_over(phases: list[list[tile.SweepOp]]) -> set[SSAValue]:
    """The buffers that are accessed in several phases, and so are no rings."""
    return {buffer for buffer, life in lifetimes(phases).items() if len(life) > 1}
