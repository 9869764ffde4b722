"""Chains: sweeps that add to the same partial sums, and the order in which they do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from xdsl.ir import Operation, SSAValue

from cimc.dialects import tile
from cimc.dialects.cim import Range
from cimc.dialects.tile.body import BodyOp
from cimc.passes.tile.orders import Order, Visit
from cimc.passes.tile.sequences import Sequences, first_of, insert, last_of
from cimc.passes.tile.sweeps import core_of

__all__ = ["Chain", "hand_on", "reuse_sums", "sums_of"]

#: The sweeps of a chain, one for each core.
Chain = tuple[tile.SweepOp, ...]


def sums_of(chain: Chain) -> list[tile.PartialSumsOp]:
    """The partial sums that the sweeps of a chain share, one for each column block."""
    return [
        op.target.owner
        for op in chain[0].operations
        if isinstance(op, tile.StorePartialOp)
        and isinstance(op.target.owner, tile.PartialSumsOp)
    ]


def hand_on(sequences: Sequences, chain: Chain, order: Order) -> Chain:
    """Let the cores of a chain visit positions in ``order``, and wait for each other.

    Sweeps of other orders than the linear one, vector by vector, are replaced by
    sweeps over parts. First come all that await nobody, last those that hand nothing
    on, so that the order of the program is one of those that the sequences allow.
    Returns the sweeps that there are now.
    """
    numbers = [core_of(sweep) for sweep in chain]
    visits = [(core, v) for core in range(order.cores) for v in order.visits(core)]
    sweeps = chain
    if (order.scheme, order.every) != ("linear", 1):
        for sums in sums_of(chain):
            sums.properties.pop("ring", None)
        if order.scheme == "cyclic":
            visits.sort(key=lambda found: (not found[1].first, found[1].last))
        sweeps = tuple(_part(chain, core, visit) for core, visit in visits)
        _replace(chain, sweeps)
    givers = dict.fromkeys(core for core, visit in visits if not visit.last)
    links = {
        core: sequences.new(numbers[core], numbers[(core + order.step) % order.cores])
        for core in givers
    }
    for (core, visit), sweep in zip(visits, sweeps, strict=True):
        if not visit.first:
            loaded = first_of(sweep, tile.LoadPartialOp)
            awaited = tile.AwaitOp(links[order.before(core)], visit.every)
            insert(sweep, awaited, before=loaded)
        if not visit.last:
            stored = last_of(sweep, tile.StorePartialOp)
            insert(sweep, tile.SignalOp(links[core], visit.every), after=stored)
    return sweeps


def reuse_sums(sequences: Sequences, chain: Chain) -> None:
    """Let the first of a chain write a vector when the last has read the one there."""
    first, last = chain[0], chain[-1]
    rings = [sums.vectors for sums in sums_of(chain) if sums.ring is not None]
    if not rings:
        return
    sequence = sequences.new(core_of(last), core_of(first), credit=min(rings))
    stored = first_of(first, tile.StorePartialOp)
    insert(first, tile.AwaitOp(sequence, 1), before=stored)
    loaded = last_of(last, tile.LoadPartialOp)
    insert(last, tile.SignalOp(sequence, 1), after=loaded)


def _replace(old: Chain, new: Chain) -> None:
    """Put sweeps in the place of the last of the old ones."""
    block = old[-1].parent_block()
    assert block is not None
    block.insert_ops_before(new, old[-1])
    for sweep in old:
        sweep.detach()
        sweep.erase()


@dataclass(frozen=True)
class _Body:
    """What a core does at a position.

    It makes ``products``, among them one sum for each column block: ``own``, by the
    partial sums. With what other cores have left that makes ``total``, which the
    ``rest`` works on.
    """

    products: list[Operation]
    own: dict[SSAValue, SSAValue]
    total: dict[SSAValue, SSAValue]
    rest: list[Operation]

    @classmethod
    def of(cls, sweep: tile.SweepOp) -> _Body:
        """Take a sweep over whole chains apart."""
        own: dict[SSAValue, SSAValue] = {}
        total: dict[SSAValue, SSAValue] = {}
        links: set[Operation] = set()
        body = sweep.operations
        for op in body:
            if isinstance(op, tile.LoadPartialOp):
                (joined,) = (use.operation for use in op.result.uses)
                assert isinstance(joined, tile.AccumulateOp)
                (own[op.source],) = {joined.lhs, joined.rhs} - {op.result}
                total[op.source] = joined.result
                links |= {op, joined}
            elif isinstance(op, tile.StorePartialOp):
                own.setdefault(op.target, op.value)
                links.add(op)
        products = _makers(own.values())
        return cls(
            [op for op in body if op in products],
            own,
            total,
            [op for op in body if op not in products and op not in links],
        )


def _makers(values: Iterable[SSAValue]) -> set[Operation]:
    """The operations of a sweep that values come from."""
    found: set[Operation] = set()
    pending = list(values)
    while pending:
        op = pending.pop().owner
        if isinstance(op, BodyOp) and op not in found:
            found.add(op)
            pending += op.operands
    return found


def _part(chain: Chain, core: int, visit: Visit) -> tile.SweepOp:
    """The sweep of a core over the positions of a visit."""
    sweep, values = chain[core], dict[SSAValue, SSAValue]()
    body = _Body.of(sweep)
    code = [op.clone(values) for op in body.products]
    own = {sums: values[value] for sums, value in body.own.items()}

    def with_others(sums: SSAValue) -> SSAValue:
        if not visit.first:
            loaded = tile.LoadPartialOp(sums)
            joined = tile.AccumulateOp(loaded.result, own[sums])
            code.extend([loaded, joined])
            return joined.result
        return own[sums]

    if visit.last:
        end = _Body.of(chain[-1])
        sums_by_total = {total: sums for sums, total in end.total.items()}
        for op in end.rest:
            for total in set(op.operands) & sums_by_total.keys() - values.keys():
                values[total] = with_others(sums_by_total[total])
            code.append(op.clone(values))
    else:
        for sums in own:
            value = with_others(sums)
            code.append(tile.StorePartialOp(value, sums))
    part = Range.of(visit.start, visit.stop)
    return tile.SweepOp(
        sweep.layer.data,
        sweep.rows,
        sweep.columns,
        code,
        core_of(sweep),
        None if part == sweep.part else part,
    )
