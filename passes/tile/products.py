"""Sums of matrix products, as several passes build them."""

from __future__ import annotations

from collections.abc import Iterable

from xdsl.ir import Operation, SSAValue

from cimc.dialects import tile

__all__ = ["sum_of_products"]


def sum_of_products(
    factors: Iterable[tuple[tile.WindowOp, SSAValue]],
) -> tuple[list[Operation], SSAValue]:
    """Multiply each window with its block and add up the results.

    ``factors`` holds at least one pair of a window that is in no block yet and a
    weight block. Returns the operations, windows included, and their sum.
    """
    operations: list[Operation] = []
    total: SSAValue | None = None
    for window, block in factors:
        product = tile.MvmOp(block, window.result)
        operations += [window, product]
        if total is None:
            total = product.result
        else:
            accumulate = tile.AccumulateOp(total, product.result)
            operations.append(accumulate)
            total = accumulate.result
    assert total is not None
    return operations, total
