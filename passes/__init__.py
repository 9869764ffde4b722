"""Target-independent passes: on the graph and on the tile level."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xdsl.passes import ModulePass


def lazy_pass(module: str, name: str) -> Callable[[], type[ModulePass]]:
    """A factory that imports ``module`` only when its pass ``name`` is wanted."""

    def load() -> type[ModulePass]:
        pass_class: type[ModulePass] = getattr(import_module(module), name)
        return pass_class

    return load


#: Name in a pipeline → the pass. A backend adds its own through its ``Target``.
PASSES: dict[str, Callable[[], type[ModulePass]]] = {
    "fuse-tables": lazy_pass("cimc.passes.graph.fuse_tables", "FuseTables"),
    "convert-cnn-to-tile": lazy_pass(
        "cimc.passes.tile.convert_cnn_to_tile", "ConvertCnnToTile"
    ),
    "fuse-sweeps": lazy_pass("cimc.passes.tile.fuse_sweeps", "FuseSweeps"),
    "im2col-partition": lazy_pass(
        "cimc.passes.tile.im2col_partition", "Im2colPartition"
    ),
    "split-position-blocks": lazy_pass(
        "cimc.passes.tile.split_position_blocks", "SplitPositionBlocks"
    ),
    "slide-windows": lazy_pass("cimc.passes.tile.slide_windows", "SlideWindows"),
    "split-vectors": lazy_pass("cimc.passes.tile.split_vectors", "SplitVectors"),
    "cut-phases": lazy_pass("cimc.passes.tile.cut_phases", "CutPhases"),
    "place-blocks": lazy_pass("cimc.passes.tile.place_blocks", "PlaceBlocks"),
    "duplicate-weights": lazy_pass(
        "cimc.passes.tile.duplicate_weights", "DuplicateWeights"
    ),
    "balance-pipeline": lazy_pass(
        "cimc.passes.tile.balance_pipeline", "BalancePipeline"
    ),
    "assign-arrays": lazy_pass("cimc.passes.tile.assign_arrays", "AssignArrays"),
    "distribute-sweeps": lazy_pass(
        "cimc.passes.tile.distribute_sweeps", "DistributeSweeps"
    ),
    "localise-maps": lazy_pass("cimc.passes.tile.localise_maps", "LocaliseMaps"),
    "recycle-buffers": lazy_pass("cimc.passes.tile.recycle_buffers", "RecycleBuffers"),
    "stream-images": lazy_pass("cimc.passes.tile.stream_images", "StreamImages"),
    "insert-sync": lazy_pass("cimc.passes.tile.insert_sync", "InsertSync"),
    "allocate-buffers": lazy_pass(
        "cimc.passes.tile.allocate_buffers", "AllocateBuffers"
    ),
}
