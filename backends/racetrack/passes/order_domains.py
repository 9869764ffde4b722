"""``order-domains``: say which row of a weight block lies in which domain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException

from cimc.context import weights_of
from cimc.diagnostics import DoesNotFitError
from cimc.dialects import tile
from cimc.dialects.cim import WeightsRef
from cimc.weights import Array, WeightStore

__all__ = ["OrderDomains", "interleaved"]


@dataclass(frozen=True)
class OrderDomains(ModulePass):
    """Place the rows of each block along the domains, interleaved over the ports.

    Row i of those that are stored lies under port i mod P at offset ⌊i / P⌋. A pass
    over n rows then takes ⌈n / P⌉ − 1 steps, and none is shorter: at every offset but
    the last, each port has a row. Rows that are zero in all lanes are not stored.
    """

    name = "order-domains"

    domains: int
    ports: int
    weight_bits: int = 8

    def __post_init__(self) -> None:
        if min(self.domains, self.ports) < 1 or self.domains % self.ports:
            raise ValueError("ports must divide domains, both at least 1")

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Set ``order`` of every block."""
        weights = weights_of(ctx)
        for block in op.body.block.ops:
            if isinstance(block, tile.WeightBlockOp):
                block.properties["order"] = self._order(block, weights)

    def _order(self, block: tile.WeightBlockOp, weights: WeightStore) -> WeightsRef:
        rows = block.rows.size
        if rows > self.domains:
            raise PassFailedException(
                f"a block of {rows} rows does not fit {self.domains} domains: "
                "im2col-partition comes before"
            )
        values = weights.resolve(block.matrix)[block.rows.slice, block.columns.slice]
        self._check(block, values)
        stored = np.flatnonzero(values.any(axis=1))
        order = interleaved(stored, self.domains, self.ports)
        name = f"order.{self.domains}.{self.ports}.{rows}"
        if len(stored) < rows:
            columns = f"columns{block.columns.start}:{block.columns.stop}"
            row = f"rows{block.rows.start}:{block.rows.stop}"
            name = f"{block.matrix.symbol.data}.{row}.{columns}.order"
        return WeightsRef.of(name, weights.add(name, order))

    def _check(self, block: tile.WeightBlockOp, values: Array) -> None:
        """Refuse weights that do not fit ``weight_bits`` bits."""
        limit = 1 << (self.weight_bits - 1)
        low, high = int(values.min()), int(values.max())
        if low < -limit or high >= limit:
            raise DoesNotFitError(
                "E037",
                f"weights from {low} to {high} do not fit the {self.weight_bits} bits "
                "of the chip's weights",
                where=f"node '{block.matrix.symbol.data.removesuffix('.matrix')}'",
                hints=(
                    "a chip with more weight_bits",
                    "cimc quantize --weights int4 for 4 bits",
                ),
            )


def interleaved(rows: Array, domains: int, ports: int) -> Array:
    """For each domain the row that it holds, or −1 (int32)."""
    order = np.full(domains, -1, np.int32)
    places = np.arange(len(rows))
    order[places % ports * (domains // ports) + places // ports] = rows
    return order
