"""Rebuild the operations of a sweep for a part of its channels."""

from __future__ import annotations

from collections.abc import Iterable

from xdsl.ir import Operation, SSAValue
from xdsl.utils.exceptions import PassFailedException

from cimc.dialects import tile
from cimc.dialects.cim import Range
from cimc.dialects.tile.body import element_of

__all__ = ["chunks", "narrow", "narrow_all", "part_of"]


def chunks(size: int, limit: int) -> list[Range]:
    """Cut [0, size) into ranges of ``limit`` elements; the last may be shorter."""
    return [
        Range.of(start, min(start + limit, size)) for start in range(0, size, limit)
    ]


def part_of(whole: Range, part: Range) -> Range:
    """The elements ``part`` of a range, counted from its start."""
    return Range.of(whole.start + part.start, whole.start + part.stop)


def narrow(
    op: Operation, values: dict[SSAValue, SSAValue], channels: Range
) -> Operation:
    """The operation ``op`` for ``channels`` of the channels it works on.

    ``values`` maps the results of operations already rebuilt.
    """

    def new(value: SSAValue) -> SSAValue:
        return values.get(value, value)

    match op:
        case tile.WindowOp():
            return tile.WindowOp(
                new(op.source),
                op.window,
                tap_rows=op.tap_rows,
                tap_columns=op.tap_columns,
                channels=part_of(op.channels, channels),
            )
        case tile.RequantiseOp():
            return tile.RequantiseOp(
                new(op.sums),
                op.bias,
                op.multiplier,
                part_of(op.channels, channels),
                op.zero.value.data,
                op.clamp,
                element_of(op.result),
            )
        case tile.MaxOp():
            return tile.MaxOp(new(op.operand), op.segments.value.data)
        case tile.SumOp():
            return tile.SumOp(new(op.operand), op.segments.value.data)
        case tile.AverageOp():
            return tile.AverageOp(
                new(op.operand),
                op.segments.value.data,
                op.count.value.data,
                op.source,
                op.target,
                element_of(op.result),
            )
        case tile.AddOp():
            return tile.AddOp(
                new(op.lhs),
                new(op.rhs),
                op.lhs_ratio.value.data,
                op.rhs_ratio.value.data,
                op.offset.value.data,
                element_of(op.result),
            )
        case tile.MultiplyOp():
            return tile.MultiplyOp(
                new(op.lhs),
                op.lhs_zero.value.data,
                new(op.rhs),
                op.rhs_zero.value.data,
                op.ratio.value.data,
                op.zero.value.data,
                element_of(op.result),
            )
        case tile.TableOp():
            return tile.TableOp(new(op.operand), op.table, element_of(op.result))
        case tile.StoreOp():
            return tile.StoreOp(
                new(op.value),
                op.target,
                part_of(op.channels, channels),
                stride=op.stride,
                offset=op.offset,
            )
        case _:
            raise PassFailedException(
                f"{op.name} cannot be cut by channels: the pass comes too late"
            )


def narrow_all(
    operations: Iterable[Operation],
    values: dict[SSAValue, SSAValue],
    channels: Range,
) -> list[Operation]:
    """Rebuild ``operations`` in order, extending ``values`` by their results."""
    rebuilt: list[Operation] = []
    for op in operations:
        narrowed = narrow(op, values, channels)
        rebuilt.append(narrowed)
        values.update(zip(op.results, narrowed.results, strict=True))
    return rebuilt
