"""``tile``: feature maps, weight blocks, and sweeps over output positions.

A sweep runs its body once per position of a rectangle of an OFM. Values inside the
body are vectors that belong to the current position; loops and addresses appear
only in the ISA. Constraints are numbered ``TILE-n`` (see ``../README.md``).
"""

from xdsl.ir import Dialect

from cimc.dialects.tile.memory import (
    BlockOp,
    FeatureMapOp,
    LayerOp,
    PartialSumsOp,
    SweepOp,
)
from cimc.dialects.tile.synchronisation import (
    AwaitOp,
    ReprogramOp,
    SequenceOp,
    SignalOp,
)
from cimc.dialects.tile.types import (
    BlockType,
    FeatureMapType,
    PartialSumsType,
    Real,
    SequenceType,
    ui8,
)
from cimc.dialects.tile.vector import (
    AddOp,
    AverageOp,
    FinishOp,
    MaxOp,
    SplatOp,
    StoreOp,
    SumOp,
    TableOp,
)
from cimc.dialects.tile.windows import (
    AccumulateOp,
    LoadPartialOp,
    MvmOp,
    StorePartialOp,
    WindowOp,
)

__all__ = [
    "TILE",
    "AccumulateOp",
    "AddOp",
    "AverageOp",
    "AwaitOp",
    "BlockOp",
    "BlockType",
    "FeatureMapOp",
    "FeatureMapType",
    "FinishOp",
    "LayerOp",
    "LoadPartialOp",
    "MaxOp",
    "MvmOp",
    "PartialSumsOp",
    "PartialSumsType",
    "Real",
    "ReprogramOp",
    "SequenceOp",
    "SequenceType",
    "SignalOp",
    "SplatOp",
    "StoreOp",
    "StorePartialOp",
    "SumOp",
    "SweepOp",
    "TableOp",
    "WindowOp",
    "ui8",
]

TILE = Dialect(
    "tile",
    [
        LayerOp,
        FeatureMapOp,
        PartialSumsOp,
        BlockOp,
        SequenceOp,
        SweepOp,
        WindowOp,
        MvmOp,
        AccumulateOp,
        LoadPartialOp,
        StorePartialOp,
        FinishOp,
        MaxOp,
        SumOp,
        AverageOp,
        AddOp,
        TableOp,
        SplatOp,
        StoreOp,
        AwaitOp,
        SignalOp,
        ReprogramOp,
    ],
    [FeatureMapType, PartialSumsType, BlockType, SequenceType, Real],
)
