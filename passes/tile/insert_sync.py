"""``insert-sync``: make cores wait for what other cores write."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException

from cimc.dialects import tile
from cimc.passes.tile.sweeps import core_of

__all__ = ["InsertSync", "Scheme"]

Scheme = Literal["sequential", "linear"]


@dataclass(frozen=True)
class InsertSync(ModulePass):
    """Order all accesses to shared memory by sequences between pairs of cores.

    Inside a horizontal group (cores that add into the same partial sums):
    ``sequential`` lets the cores run one after another; with ``linear`` a core waits
    per vector, right before it reads the partial sums (Pelke et al., VLSI-SoC 2023).
    Between layers, a core waits until the feature maps that it reads are complete.
    """

    name = "insert-sync"

    scheme: str = "linear"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Add ``tile.sequence``, ``tile.signal`` and ``tile.await`` operations."""
        if self.scheme not in get_args(Scheme):
            raise PassFailedException(
                f"scheme must be one of {', '.join(get_args(Scheme))}, "
                f"not {self.scheme!r}"
            )
        sweeps = [
            sweep for sweep in op.body.block.ops if isinstance(sweep, tile.SweepOp)
        ]
        if any(isinstance(old, tile.SequenceOp) for old in op.body.block.ops):
            raise PassFailedException("the module has sequences already")
        order = _Order({sweep: position for position, sweep in enumerate(sweeps)})
        writers: dict[SSAValue, list[tile.SweepOp]] = {}
        for sweep in sweeps:
            complete = [w for source in _reads(sweep) for w in writers.get(source, [])]
            for accumulated in _accumulates(sweep):
                before = writers[accumulated][-1]
                if self.scheme == "linear":
                    _take_turns(before, sweep)
                else:
                    complete.append(before)
            order.start_after(complete, sweep)
            for target in _writes(sweep):
                writers.setdefault(target, []).append(sweep)


@dataclass
class _Order:
    """Which sweeps of other cores each core has waited for.

    Since a core runs its sweeps in program order, having waited for one of them it
    need not wait for those before it, and one sequence serves each pair of cores.
    ``positions`` gives the place of every sweep in the program.
    """

    positions: dict[tile.SweepOp, int]
    sequences: dict[tuple[int, int], tile.SequenceOp] = field(
        default_factory=dict[tuple[int, int], tile.SequenceOp]
    )
    awaited: dict[tuple[int, int], int] = field(
        default_factory=dict[tuple[int, int], int]
    )

    def start_after(self, before: list[tile.SweepOp], after: tile.SweepOp) -> None:
        """Let ``after`` start when all sweeps ``before`` are complete."""
        sink = core_of(after)
        last = {
            core_of(sweep): sweep
            for sweep in sorted(before, key=lambda sweep: self.positions[sweep])
        }
        for source, sweep in last.items():
            pair, position = (source, sink), self.positions[sweep]
            if source == sink or self.awaited.get(pair, -1) >= position:
                continue
            if pair not in self.sequences:
                self.sequences[pair] = _sequence(sweep, after)
            self.awaited[pair] = position
            sequence = self.sequences[pair].result
            sweep.body.block.add_op(tile.SignalOp(sequence, "sweep"))
            first = after.body.block.first_op
            assert first is not None
            after.body.block.insert_op_before(tile.AwaitOp(sequence, "sweep"), first)


def _take_turns(before: tile.SweepOp, after: tile.SweepOp) -> None:
    """Let ``after`` add to each vector of partial sums that ``before`` has left."""
    sequence = _sequence(before, after)
    stored = _first(before, tile.StorePartialOp)
    loaded = _first(after, tile.LoadPartialOp)
    before.body.block.insert_op_after(tile.SignalOp(sequence.result, "vector"), stored)
    after.body.block.insert_op_before(tile.AwaitOp(sequence.result, "vector"), loaded)


def _sequence(before: tile.SweepOp, after: tile.SweepOp) -> tile.SequenceOp:
    """A new sequence between the cores of two sweeps, declared before the first."""
    sequence = tile.SequenceOp(core_of(before), core_of(after))
    block = before.parent_block()
    assert block is not None
    block.insert_op_before(sequence, before)
    return sequence


def _first(sweep: tile.SweepOp, kind: type[Operation]) -> Operation:
    return next(op for op in sweep.body.block.ops if isinstance(op, kind))


def _reads(sweep: tile.SweepOp) -> list[SSAValue]:
    """Feature maps that the sweep reads, without repetition."""
    sources = [
        op.source for op in sweep.body.block.ops if isinstance(op, tile.WindowOp)
    ]
    return list(dict.fromkeys(sources))


def _accumulates(sweep: tile.SweepOp) -> list[SSAValue]:
    """Partial sums that the sweep adds to."""
    return [
        op.source for op in sweep.body.block.ops if isinstance(op, tile.LoadPartialOp)
    ]


def _writes(sweep: tile.SweepOp) -> list[SSAValue]:
    """Feature maps and partial sums that the sweep writes."""
    return [
        op.target
        for op in sweep.body.block.ops
        if isinstance(op, tile.StoreOp | tile.StorePartialOp)
    ]
