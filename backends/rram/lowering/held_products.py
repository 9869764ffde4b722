"""Products that a core holds until it may add them all to what other cores have left.

Cores that hand sums on every few vectors would start late, each after the one before,
if they did nothing before the first of these vectors is there. With a register for each
product they multiply meanwhile, and then load, add and store one vector after another.
The body of such a sweep has every operation as often, one copy behind the other, but
waits and signals once.
"""

from __future__ import annotations

from collections import Counter, defaultdict

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


def held(
    sweeps: list[tile.SweepOp], kept: set[SSAValue], most: int
) -> dict[tile.SweepOp, int]:
    """For how many positions each sweep holds the products; 1 if it need not.

    All sweeps that add to the same sums hold as many, or none of them do. Sums that are
    ``kept`` across phases do not count: another phase adds to them.
    """
    by_sums: dict[SSAValue, list[tile.SweepOp]] = defaultdict(list)
    for sweep in sweeps:
        for sums in _sums(sweep):
            by_sums[sums].append(sweep)
    found = dict.fromkeys(sweeps, 1)
    for sums, members in by_sums.items():
        if sums not in kept and all(_may_hold(sweep, sums) for sweep in members):
            found.update({sweep: _period(sweep, most) for sweep in members})
    return found


def _sums(sweep: tile.SweepOp) -> dict[SSAValue, None]:
    """The partial sums that a sweep loads or stores."""
    return dict.fromkeys(
        op.source if isinstance(op, tile.LoadPartialOp) else op.target
        for op in sweep.operations
        if isinstance(op, tile.LoadPartialOp | tile.StorePartialOp)
    )


def _may_hold(sweep: tile.SweepOp, sums: SSAValue) -> bool:
    """Whether a sweep has one product, and the sums have no gaps between positions."""
    assert isinstance(sums.owner, tile.PartialSumsOp)
    if sums.owner.ring is not None or sweep.columns.size != sums.owner.type.shape[1]:
        return False
    number = Counter(type(op) for op in sweep.operations)
    kinds = (tile.WindowOp, tile.MvmOp, tile.StoreOp, tile.LoadPartialOp)
    return all(number[kind] <= 1 for kind in kinds)


def _period(sweep: tile.SweepOp, most: int) -> int:
    """After how many positions a sweep waits or signals, if that is always the same."""
    periods = {
        op.every
        for op in sweep.operations
        if isinstance(op, tile.AwaitOp | tile.SignalOp)
    }
    period = periods.pop() if len(periods) == 1 else 1
    return period if period <= most else 1


def repeated(
    sweep: tile.SweepOp, number: int
) -> tuple[tile.SweepOp, dict[Operation, int]]:
    """A sweep that does the work of ``number`` positions at a time.

    Also for which of them each operation is.
    """
    values = [dict[SSAValue, SSAValue]() for _ in range(number)]
    body: dict[Operation, int] = {}
    for op in sweep.operations:
        once = isinstance(op, tile.AwaitOp | tile.SignalOp)
        for index in range(1 if once else number):
            body[op.clone(values[index])] = index
    copy = tile.SweepOp(
        sweep.layer.data, sweep.rows, sweep.columns, list(body), None, sweep.part
    )
    copy.properties.update(sweep.properties)
    return copy, body
