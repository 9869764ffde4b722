"""A sweep cut into a chain: parts of its products, linked by partial sums."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import Operation, SSAValue

from cimc.dialects import tile
from cimc.dialects.tile.body import length_of
from cimc.passes.tile.products import sum_of_products

__all__ = ["cut_into_chain", "products_of"]


def products_of(sweep: tile.SweepOp) -> list[tile.MvmOp]:
    """The products of a sweep with weight blocks, in order."""
    return [op for op in sweep.operations if isinstance(op, tile.MvmOp)]


def cut_into_chain(
    sweep: tile.SweepOp, parts: Sequence[Sequence[tile.MvmOp]], *, shared: bool
) -> list[tile.SweepOp]:
    """Replace a sweep by one for each of the ``parts`` of its products.

    Each adds its products to the partial sums that the one before has left; the last
    goes on with what the old sweep did with the sum. The sums are in one buffer if it
    is ``shared``, else in one for each link. No part has a core yet.
    """
    total, rest = _sum_of_all(sweep)
    sums = [_partial_sums(sweep, total) for _ in parts[1 : 2 if shared else None]]
    links = [op.result for op in sums] * (len(parts) - 1 if shared else 1)
    chain: list[tile.SweepOp] = []
    for index, part in enumerate(parts):
        operations, local = _copies(part)
        if index > 0:
            previous = tile.LoadPartialOp(links[index - 1])
            joined = tile.AccumulateOp(previous.result, local)
            operations += [previous, joined]
            local = joined.result
        if index < len(parts) - 1:
            operations.append(tile.StorePartialOp(local, links[index]))
        else:
            values = {total: local}
            operations += [op.clone(values) for op in rest]
        layer = sweep.layer.data
        chain.append(tile.SweepOp(layer, sweep.rows, sweep.columns, operations))
    block = sweep.parent_block()
    assert block is not None
    block.insert_ops_before([*sums, *chain], sweep)
    sweep.detach()
    sweep.erase()
    return chain


def _sum_of_all(sweep: tile.SweepOp) -> tuple[SSAValue, list[Operation]]:
    """The sum of all products, which stand first in a sweep, and what follows."""
    body = sweep.operations
    sums = tile.WindowOp | tile.MvmOp | tile.AccumulateOp
    number = next(i for i, op in enumerate(body) if not isinstance(op, sums))
    total = body[number - 1].results[0]
    return total, body[number:]


def _partial_sums(sweep: tile.SweepOp, total: SSAValue) -> tile.PartialSumsOp:
    """Partial sums for all positions of what the sweep, in the end, stores to."""
    store = sweep.body.block.last_op
    assert isinstance(store, tile.StoreOp | tile.StorePartialOp)
    type_ = store.target.type
    assert isinstance(type_, tile.FeatureMapType | tile.PartialSumsType)
    height, width, _ = type_.shape
    shape = (height, width, length_of(total))
    return tile.PartialSumsOp(sweep.layer.data, tile.PartialSumsType.of(shape))


def _copies(mvms: Sequence[tile.MvmOp]) -> tuple[list[Operation], SSAValue]:
    """Copies of the windows and products of one part, and their sum."""
    factors: list[tuple[tile.WindowOp, SSAValue]] = []
    for mvm in mvms:
        assert isinstance(mvm.operand.owner, tile.WindowOp)
        factors.append((mvm.operand.owner.clone(), mvm.block))
    return sum_of_products(factors)
