"""Series: sweeps of a core that go on where the one before has stopped.

The parts of a cyclic sweep fetch the same windows for the same blocks, one position
after the other, and differ in what they do with the products.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise

from xdsl.ir import Attribute, Operation, SSAValue

from cimc.backends.rram.lowering.addresses import AddressRegisters
from cimc.backends.rram.lowering.sweep import CoreState, SweepLowering
from cimc.backends.rram.machine import RramMachine
from cimc.dialects import tile
from cimc.passes.tile.sweeps import core_of

__all__ = ["lower", "series_of"]

Factor = tuple[SSAValue, SSAValue, dict[str, Attribute]]


def series_of(sweeps: list[tile.SweepOp]) -> list[list[tile.SweepOp]]:
    """The sweeps of all cores in series, ordered by the first of each."""
    found: list[list[tile.SweepOp]] = []
    newest: dict[int, list[tile.SweepOp]] = {}
    for sweep in sweeps:
        core = core_of(sweep)
        if core in newest and _follows(newest[core], sweep):
            newest[core].append(sweep)
        else:
            newest[core] = [sweep]
            found.append(newest[core])
    return found


def lower(
    series: list[tile.SweepOp],
    machine: RramMachine,
    core: CoreState,
    sequences: Callable[[tile.SequenceOp], int],
    holds: Mapping[tile.SweepOp, int],
) -> tuple[list[Operation], list[Operation]]:
    """Set-up and main section of a series of sweeps; ``holds`` says how many each."""
    setup: list[Operation] = []
    positions = sum(sweep.positions for sweep in series)
    addresses = AddressRegisters(series[0], single=positions == 1)
    slots = max(holds[sweep] for sweep in series)
    stages = [
        SweepLowering(
            sweep,
            machine,
            core,
            sequences,
            addresses,
            setup,
            holds[sweep],
            slots,
            alone=len(series) == 1,
        ).lower()
        for sweep in series
    ]
    for before, after in pairwise(stages):
        before.following = after
    first, *others = stages
    return setup, first.series() if others else first.loops()


def _follows(series: list[tile.SweepOp], sweep: tile.SweepOp) -> bool:
    """Whether ``sweep`` needs no other core before it fetches, and fetches alike."""
    *_, previous = series
    factors, gates = _factors(sweep)
    found, _ = _factors(previous)
    _, first = _factors(series[0])
    return bool(
        previous.some_part is not None
        and sweep.some_part is not None
        and (previous.layer, previous.rows, previous.columns)
        == (sweep.layer, sweep.rows, sweep.columns)
        and factors
        and factors == found
        and not gates
        and all(gate.every == series[0].positions for gate in first)
    )


def _factors(sweep: tile.SweepOp) -> tuple[list[Factor], list[tile.AwaitOp]]:
    """Blocks with the maps and windows that they multiply, and awaits before them."""
    factors: list[Factor] = []
    awaits: list[tile.AwaitOp] = []
    for op in sweep.body.block.ops:
        if isinstance(op, tile.MvmOp):
            window = op.operand.owner
            assert isinstance(window, tile.WindowOp)
            factors.append((op.block, window.source, window.properties))
        elif isinstance(op, tile.AwaitOp) and not factors:
            awaits.append(op)
    return factors, awaits
