"""Horizontal groups: sweeps that add to the same partial sums, in some order."""

from __future__ import annotations

from xdsl.ir import Operation, SSAValue

from cimc.dialects import tile
from cimc.dialects.cim import Range
from cimc.passes.tile.orders import Order, Visit
from cimc.passes.tile.sequences import Sequences, first_of, insert
from cimc.passes.tile.sweeps import core_of

__all__ = ["hand_on", "reuse_sums", "sums_of"]


def sums_of(group: list[tile.SweepOp]) -> tile.PartialSumsOp:
    """The partial sums that the sweeps of a group share."""
    stored = first_of(group[0], tile.StorePartialOp)
    assert isinstance(stored, tile.StorePartialOp)
    assert isinstance(stored.target.owner, tile.PartialSumsOp)
    return stored.target.owner


def hand_on(
    sequences: Sequences, group: list[tile.SweepOp], order: Order
) -> list[tile.SweepOp]:
    """Let the cores of a group, of which each has one sweep, visit in ``order``.

    Sweeps of other orders than the linear one, vector by vector, are replaced by
    sweeps over parts. First come all that await nobody, last those that hand nothing
    on, so that the order of the program is one of those that the sequences allow.
    Returns the sweeps that there are now.
    """
    numbers = [core_of(sweep) for sweep in group]
    visits = [(core, v) for core in range(order.cores) for v in order.visits(core)]
    sweeps = group
    if (order.scheme, order.every) != ("linear", 1):
        sums_of(group).properties.pop("ring", None)
        if order.scheme == "cyclic":
            visits.sort(key=lambda found: (not found[1].first, found[1].last))
        sweeps = [_part(group, core, visit) for core, visit in visits]
        _replace(group, sweeps)
    links = {
        core: sequences.new(numbers[core], numbers[(core + order.step) % order.cores])
        for core, visit in visits
        if not visit.last
    }
    for (core, visit), sweep in zip(visits, sweeps, strict=True):
        if not visit.first:
            loaded = first_of(sweep, tile.LoadPartialOp)
            awaited = tile.AwaitOp(links[order.before(core)], visit.every)
            insert(sweep, awaited, before=loaded)
        if not visit.last:
            stored = first_of(sweep, tile.StorePartialOp)
            insert(sweep, tile.SignalOp(links[core], visit.every), after=stored)
    return sweeps


def reuse_sums(sequences: Sequences, group: list[tile.SweepOp]) -> None:
    """Let the first of a group write a vector when the last has read the one there."""
    first, last, sums = group[0], group[-1], sums_of(group)
    if sums.ring is None:
        return
    sequence = sequences.new(core_of(last), core_of(first), credit=sums.vectors)
    stored = first_of(first, tile.StorePartialOp)
    insert(first, tile.AwaitOp(sequence, 1), before=stored)
    loaded = first_of(last, tile.LoadPartialOp)
    insert(last, tile.SignalOp(sequence, 1), after=loaded)


def _replace(old: list[tile.SweepOp], new: list[tile.SweepOp]) -> None:
    block = old[0].parent_block()
    assert block is not None
    block.insert_ops_before(new, old[0])
    for sweep in old:
        sweep.detach()
        sweep.erase()


def _part(group: list[tile.SweepOp], core: int, visit: Visit) -> tile.SweepOp:
    """The sweep of a core over the positions of a visit."""
    sweep, sums = group[core], sums_of(group).result
    values: dict[SSAValue, SSAValue] = {}
    body, local = _products(sweep, values)
    if not visit.first:
        loaded = tile.LoadPartialOp(sums)
        joined = tile.AccumulateOp(loaded.result, local)
        body += [loaded, joined]
        local = joined.result
    if visit.last:
        _, total, rest = _split(group[-1])
        values[total] = local
        body += [op.clone(values) for op in rest]
    else:
        body.append(tile.StorePartialOp(local, sums))
    part = Range.of(visit.start, visit.stop)
    return tile.SweepOp(
        sweep.layer.data,
        sweep.rows,
        sweep.columns,
        body,
        core_of(sweep),
        None if part == sweep.part else part,
    )


def _products(
    sweep: tile.SweepOp, values: dict[SSAValue, SSAValue]
) -> tuple[list[Operation], SSAValue]:
    """Copies of the operations that make the products of a core, and their sum."""
    products, _, _ = _split(sweep)
    copies = [op.clone(values) for op in products]
    return copies, copies[-1].results[0]


def _split(
    sweep: tile.SweepOp,
) -> tuple[list[Operation], SSAValue, list[Operation]]:
    """The products of a core, the sum with what other cores have left, and the rest."""
    body = list(sweep.body.block.ops)
    end = next(
        index
        for index, op in enumerate(body)
        if isinstance(op, tile.LoadPartialOp | tile.StorePartialOp)
    )
    products, rest = body[:end], body[end:]
    total = products[-1].results[0]
    if isinstance(rest[0], tile.LoadPartialOp):
        _, joined, *rest = rest
        total = joined.results[0]
    return products, total, rest
