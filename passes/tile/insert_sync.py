"""``insert-sync``: make cores wait for what other cores write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException

from cimc.dialects import tile

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
        if any(sweep.core is None for sweep in sweeps):
            raise PassFailedException(
                "sweeps have no core: distribute-sweeps comes before"
            )
        writers: dict[SSAValue, list[tile.SweepOp]] = {}
        for sweep in sweeps:
            for source in _reads(sweep):
                for writer in writers.get(source, []):
                    _order(writer, sweep)
            for accumulated in _accumulates(sweep):
                self._chain(writers[accumulated][-1], sweep)
            for target in _writes(sweep):
                writers.setdefault(target, []).append(sweep)

    def _chain(self, before: tile.SweepOp, after: tile.SweepOp) -> None:
        """Let ``after`` add to the partial sums that ``before`` leaves."""
        if self.scheme == "sequential":
            _order(before, after)
            return
        sequence = _sequence(before, after)
        stored = _first(before, tile.StorePartialOp)
        loaded = _first(after, tile.LoadPartialOp)
        before.body.block.insert_op_after(
            tile.SignalOp(sequence.result, "vector"), stored
        )
        after.body.block.insert_op_before(
            tile.AwaitOp(sequence.result, "vector"), loaded
        )


def _order(before: tile.SweepOp, after: tile.SweepOp) -> None:
    """Let ``after`` start when ``before`` is complete."""
    if before.core == after.core:
        return
    sequence = _sequence(before, after)
    before.body.block.add_op(tile.SignalOp(sequence.result, "sweep"))
    first = after.body.block.first_op
    assert first is not None
    after.body.block.insert_op_before(tile.AwaitOp(sequence.result, "sweep"), first)


def _sequence(before: tile.SweepOp, after: tile.SweepOp) -> tile.SequenceOp:
    if before.core is None or after.core is None:
        raise PassFailedException(
            "sweeps have no core: place-tiles and distribute-sweeps come before"
        )
    sequence = tile.SequenceOp(before.core.value.data, after.core.value.data)
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
