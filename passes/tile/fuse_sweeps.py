"""``fuse-sweeps``: compute on while a vector is in registers."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ArrayAttr, ModuleOp, StringAttr
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass

from cimc.dialects import tile
from cimc.dialects.cim import Window
from cimc.passes.tile.sweeps import weight_blocks

__all__ = ["FuseSweeps"]


@dataclass(frozen=True)
class FuseSweeps(ModulePass):
    """Append to a sweep the pointwise sweep that alone reads what it stores.

    So a residual addition, a table, or the copy of a concatenation takes no core, and
    no feature map between. A layer that is fused into another one is named with it as
    ``fused``, and its kind follows behind a plus sign. A shuffle stays apart from what
    is before and behind it, since the vectors of all others are cut.
    """

    name = "fuse-sweeps"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Fuse until there is nothing left to fuse."""
        layers = {
            layer.layer.data: layer
            for layer in op.body.block.ops
            if isinstance(layer, tile.LayerOp)
        }
        sweeps = [
            sweep for sweep in op.body.block.ops if isinstance(sweep, tile.SweepOp)
        ]
        positions = {sweep: position for position, sweep in enumerate(sweeps)}
        for sweep in sweeps:
            found = _producer(sweep, positions)
            if found is not None:
                _append(*found, layers)
        _drop_layers(op)


def _drop_layers(module: ModuleOp) -> None:
    """Remove the layers that no sweep belongs to any more."""
    operations = list(module.body.block.ops)
    used = {op.layer for op in operations if isinstance(op, tile.SweepOp)}
    for op in operations:
        if isinstance(op, tile.LayerOp) and op.layer not in used:
            op.detach()
            op.erase()


def _producer(
    sweep: tile.SweepOp, positions: dict[tile.SweepOp, int]
) -> tuple[tile.StoreOp, tile.WindowOp] | None:
    """The store of an earlier sweep whose vectors ``sweep`` may take, and its window.

    Of several the last one. All that the sweep reads besides is there before.
    """
    windows = [op for op in sweep.operations if isinstance(op, tile.WindowOp)]
    if weight_blocks(sweep) or _shuffles(sweep) or not all(map(_is_pointwise, windows)):
        return None
    before = [_writers(window.source, positions) for window in windows]
    found: list[tuple[int, tile.StoreOp, tile.WindowOp]] = []
    for index, window in enumerate(windows):
        store = _only_store(window, sweep)
        if store is None or _shuffles(store.sweep):
            continue
        position = positions[store.sweep]
        others = [p for i, writers in enumerate(before) if i != index for p in writers]
        if all(other < position for other in others):
            found.append((position, store, window))
    if not found:
        return None
    _, store, window = max(found, key=lambda candidate: candidate[0])
    return store, window


def _shuffles(sweep: tile.SweepOp) -> bool:
    """Whether a sweep works on whole vectors, whatever their length."""
    return any(isinstance(op, tile.ShuffleOp) for op in sweep.operations)


def _is_pointwise(window: tile.WindowOp) -> bool:
    """Whether a window is one element, and no reduction wants to load it itself."""
    reductions = tile.MaxOp | tile.SumOp | tile.AverageOp
    return window.window == Window.of((1, 1)) and not any(
        isinstance(use.operation, reductions) for use in window.result.uses
    )


def _writers(map_: SSAValue, positions: dict[tile.SweepOp, int]) -> list[int]:
    """Positions of the sweeps that write a map."""
    return [
        positions[use.operation.sweep]
        for use in map_.uses
        if isinstance(use.operation, tile.StoreOp)
    ]


def _only_store(window: tile.WindowOp, sweep: tile.SweepOp) -> tile.StoreOp | None:
    """The one store of what ``window`` reads, if nobody else writes or reads it."""
    map_ = window.source.owner
    users = [use.operation for use in window.source.uses]
    stores = [user for user in users if isinstance(user, tile.StoreOp)]
    assert isinstance(map_, tile.FeatureMapOp)
    if map_.role.data != "intermediate" or len(users) != 2 or len(stores) != 1:
        return None
    (store,) = stores
    same = (
        (store.sweep.rows, store.sweep.columns) == (sweep.rows, sweep.columns)
        and store.channels == window.channels
        and store is store.sweep.body.block.last_op
    )
    return store if same else None


def _append(
    store: tile.StoreOp,
    window: tile.WindowOp,
    layers: dict[str, tile.LayerOp],
) -> None:
    """Let the sweep of ``store`` go on with what follows ``window``, in its stead."""
    producer, sweep, map_ = store.sweep, window.sweep, window.source.owner
    window.result.replace_all_uses_with(store.value)
    for op in (store, window):
        op.detach()
        op.erase()
    for op in sweep.operations:
        op.detach()
        producer.body.block.add_op(op)
    layer, gone = layers[producer.layer.data], layers[sweep.layer.data]
    if layer is not gone:
        layer.properties["kind"] = StringAttr(f"{layer.kind.data}+{gone.kind.data}")
        layer.properties["fused"] = ArrayAttr(
            [*(layer.fused or ()), gone.layer, *(gone.fused or ())]
        )
    assert isinstance(map_, Operation)
    for op in (sweep, map_):
        op.detach()
        op.erase()
