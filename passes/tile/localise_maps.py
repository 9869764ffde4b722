"""``localise-maps``: give every reader of a feature map its own copy."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException

from cimc.dialects import tile
from cimc.dialects.tile.memory import integer
from cimc.passes.tile.sweeps import core_of

__all__ = ["LocaliseMaps"]

_Access = tile.WindowOp | tile.StoreOp | tile.LoadPartialOp | tile.StorePartialOp


@dataclass(frozen=True)
class LocaliseMaps(ModulePass):
    """Copy what cores share, for a machine without shared memory.

    The sweeps of one layer on one core read their own copy of a feature map, which
    lies on that core and has the halo that their windows reach; every store writes
    all copies. A map that nothing reads lies where it is first written (on core 0 if
    nowhere). Of an output that is also read, only the first copy is the output.
    Partial sums become one buffer for each pair of sweeps that hands them on, on the
    core of the sweep that loads them.
    """

    name = "localise-maps"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Replace feature maps and partial sums by copies that have a ``core``."""
        accesses = _accesses(op)
        for memory in list(op.body.block.ops):
            match memory:
                case tile.FeatureMapOp():
                    _copy_per_reader(memory, accesses[memory.result])
                case tile.PartialSumsOp():
                    _buffer_per_link(memory, accesses[memory.result])
                case _:
                    pass


def _accesses(module: ModuleOp) -> dict[SSAValue, list[_Access]]:
    """What reads or writes each memory object, in program order."""
    found: dict[SSAValue, list[_Access]] = defaultdict(list)
    for sweep in module.body.block.ops:
        if isinstance(sweep, tile.SweepOp):
            for op in sweep.operations:
                match op:
                    case tile.WindowOp() | tile.LoadPartialOp():
                        found[op.source].append(op)
                    case tile.StoreOp() | tile.StorePartialOp():
                        found[op.target].append(op)
                    case _:
                        pass
    return found


def _copy_per_reader(old: tile.FeatureMapOp, accesses: list[_Access]) -> None:
    stores = [access for access in accesses if isinstance(access, tile.StoreOp)]
    groups: dict[tuple[int, str], list[tile.WindowOp]] = defaultdict(list)
    for access in accesses:
        if isinstance(access, tile.WindowOp):
            sweep = access.sweep
            groups[core_of(sweep), sweep.layer.data].append(access)
    if not groups:
        old.properties["core"] = integer(core_of(stores[0].sweep) if stores else 0)
        return
    copies: list[tile.FeatureMapOp] = []
    for (core, _), windows in groups.items():
        copy = _copy(old, core, windows)
        if copies and old.role.data == "output":
            copy.properties["role"] = StringAttr("intermediate")
        for window in windows:
            window.operands[0] = copy.result
        copies.append(copy)
    for store in stores:
        for copy in copies:
            store.sweep.body.block.insert_op_before(
                tile.StoreOp(
                    store.value,
                    copy.result,
                    store.channels,
                    stride=store.stride,
                    offset=store.offset,
                ),
                store,
            )
        store.detach()
        store.erase()
    block = old.parent_block()
    assert block is not None
    block.insert_ops_before(copies, old)
    old.detach()
    old.erase()


def _copy(
    old: tile.FeatureMapOp, core: int, windows: list[tile.WindowOp]
) -> tile.FeatureMapOp:
    """A copy of a map on ``core``, with the halo that ``windows`` reach."""
    top, left, bottom, right = (
        max(0, *reach) for reach in zip(*(w.reach for w in windows), strict=True)
    )
    type_ = tile.FeatureMapType.of(
        old.type.shape, old.type.element, (top, left, bottom, right), old.type.fill.data
    )
    properties = {**old.properties, "core": integer(core)}
    properties.pop("address", None)
    copy = tile.FeatureMapOp.create(properties=properties, result_types=[type_])
    copy.result.name_hint = old.result.name_hint
    return copy


def _buffer_per_link(old: tile.PartialSumsOp, accesses: list[_Access]) -> None:
    stores = [access for access in accesses if isinstance(access, tile.StorePartialOp)]
    loads = [access for access in accesses if isinstance(access, tile.LoadPartialOp)]
    pairs = list(zip(stores, loads, strict=False))
    if accesses != [access for pair in pairs for access in pair]:
        raise PassFailedException(
            f"partial sums of {old.layer.data!r} are not handed from sweep to sweep"
        )
    block = old.parent_block()
    assert block is not None
    for store, load in pairs:
        link = tile.PartialSumsOp(old.layer.data, old.type, core_of(load.sweep))
        block.insert_op_before(link, old)
        store.operands[1] = link.result
        load.operands[0] = link.result
    old.detach()
    old.erase()
