"""What the sweeps of a program share while they are lowered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from xdsl.ir import SSAValue

from cimc.backends.racetrack import isa
from cimc.backends.racetrack.layout import MapLayout
from cimc.backends.racetrack.lowering.code import Code, plain
from cimc.backends.racetrack.lowering.offsets import Offsets
from cimc.backends.racetrack.lowering.products import Block
from cimc.backends.racetrack.machine import RacetrackMachine
from cimc.dialects import tile
from cimc.isa.declared import Instruction

__all__ = ["Surroundings", "period", "synchronise"]


@dataclass
class Surroundings:
    """What the sweeps of a program share.

    ``sequences`` gives the register of a sequence in its sink bank, ``layouts`` and
    ``homes`` where buffers lie and in which bank, ``blocks`` the arrays of weights.
    """

    machine: RacetrackMachine
    offsets: Offsets
    layouts: Mapping[SSAValue, MapLayout]
    homes: Mapping[SSAValue, int]
    blocks: Mapping[SSAValue, Block]
    sequences: Callable[[tile.SequenceOp], int]

    def written_by(self, op: tile.StoreOp | tile.StorePartialOp) -> MapLayout:
        """The part of a map's layout that a store writes."""
        layout = self.layouts[op.target]
        if isinstance(op, tile.StorePartialOp):
            return layout
        return layout.restricted(op.channels.start, op.channels.stop)


def period(op: tile.AwaitOp | tile.SignalOp) -> str:
    """Where the code of a sweep counts: once per ``sweep``, ``row`` or ``vector``."""
    if op.some_every is None:
        return "sweep"
    return "row" if op.every == op.sweep.columns.size else "vector"


def synchronise(
    op: tile.AwaitOp | tile.SignalOp, sequences: Callable[[tile.SequenceOp], int]
) -> list[Code]:
    """The WAIT or CALL for an operation."""
    sequence = op.sequence_op
    fields: dict[str, object] = {"s": sequences(sequence), "by": op.by}
    kind: type[Instruction] = isa.WaitOp
    if isinstance(op, tile.SignalOp):
        kind, fields["core"] = isa.CallOp, sequence.sink.value.data
    return [plain(kind, **fields)]
