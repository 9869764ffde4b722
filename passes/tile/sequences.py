"""New sequences, and where in a sweep they are signalled and awaited."""

from __future__ import annotations

from xdsl.ir import Operation, SSAValue

from cimc.dialects import tile

__all__ = ["Sequences", "first_of", "insert", "last_of"]


class Sequences(list[tile.SequenceOp]):
    """New sequences, to be declared before the sweeps."""

    def new(self, source: int, sink: int, credit: int = 0) -> SSAValue:
        """A sequence from core to core."""
        self.append(tile.SequenceOp(source, sink, credit))
        return self[-1].result


def insert(
    sweep: tile.SweepOp,
    op: Operation,
    *,
    before: Operation | None = None,
    after: Operation | None = None,
) -> None:
    """Put an operation into a sweep, at the end unless it says where."""
    block = sweep.body.block
    if before is not None:
        block.insert_op_before(op, before)
    elif after is not None:
        block.insert_op_after(op, after)
    else:
        block.add_op(op)


def first_of(sweep: tile.SweepOp, kind: type[Operation]) -> Operation:
    """The first operation of that kind in a sweep."""
    return next(op for op in sweep.operations if isinstance(op, kind))


def last_of(sweep: tile.SweepOp, kind: type[Operation]) -> Operation:
    """The last operation of that kind in a sweep."""
    return [op for op in sweep.operations if isinstance(op, kind)][-1]
