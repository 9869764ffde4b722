"""Products that a core holds until it may add them all to what other cores have left.

Cores that hand sums on every few vectors would start late, each after the one before,
if they did nothing before the first of these vectors is there. With a register for each
product they multiply meanwhile, and then load, add and store one vector after another.
The body of such a sweep has every operation as often, one copy behind the other, but
waits and signals once.
"""

from __future__ import annotations

from xdsl.ir import Operation, SSAValue

from cimc.dialects import tile

__all__ = ["held", "most_held", "repeated"]

#: Products that a core holds at most, so that programs stay short.
_MOST = 4


def most_held(vector_registers: int) -> int:
    """How many products a core with so many registers holds at most.

    Each takes one for its window, one for itself and one for the sums.
    """
    return max(1, min(_MOST, (vector_registers - 2) // 3))


def held(sweep: tile.SweepOp, most: int) -> int:
    """For how many positions a sweep holds the products; 1 if it need not or cannot."""
    body = list(sweep.body.block.ops)
    periods = {op.every for op in body if isinstance(op, tile.AwaitOp | tile.SignalOp)}
    partial = [
        op for op in body if isinstance(op, tile.LoadPartialOp | tile.StorePartialOp)
    ]
    single = all(
        sum(isinstance(op, kind) for op in body) <= 1
        for kind in (tile.WindowOp, tile.MvmOp, tile.StoreOp, tile.LoadPartialOp)
    )
    if len(periods) > 1 or not partial or not single or not _whole_rows(sweep, partial):
        return 1
    (period,) = periods or {1}
    return period if period <= most else 1


def _whole_rows(
    sweep: tile.SweepOp, partial: list[tile.LoadPartialOp | tile.StorePartialOp]
) -> bool:
    """Whether the sums of all positions follow each other without a gap."""
    for op in partial:
        sums = op.source if isinstance(op, tile.LoadPartialOp) else op.target
        assert isinstance(sums.owner, tile.PartialSumsOp)
        if sums.owner.ring is not None:
            return False
        if sweep.columns.size != sums.owner.type.shape[1]:
            return False
    return True


def repeated(
    sweep: tile.SweepOp, number: int
) -> tuple[tile.SweepOp, dict[Operation, int]]:
    """A sweep that does the work of ``number`` positions at a time.

    Also for which of them each operation is.
    """
    values = [dict[SSAValue, SSAValue]() for _ in range(number)]
    body: dict[Operation, int] = {}
    for op in sweep.body.block.ops:
        once = isinstance(op, tile.AwaitOp | tile.SignalOp)
        for index in range(1 if once else number):
            body[op.clone(values[index])] = index
    copy = tile.SweepOp(
        sweep.layer.data, sweep.rows, sweep.columns, list(body), None, sweep.part
    )
    copy.properties.update(sweep.properties)
    return copy, body
