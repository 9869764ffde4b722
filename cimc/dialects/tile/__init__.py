"""``tile``: feature maps, weight blocks, and sweeps over output positions.

A sweep runs its body once per position of a rectangle of an OFM. Values inside the
body are vectors that belong to the current position; loops and addresses appear
only in the ISA. Constraints are numbered ``TILE-n`` (see ``../README.md``).
"""

from xdsl.ir import Dialect

from cimc.dialects.tile.memory import (
    FeatureMapOp,
    LayerOp,
    PartialSumsOp,
    SweepOp,
    WeightBlockOp,
)
from cimc.dialects.tile.store import StoreOp
from cimc.dialects.tile.synchronisation import (
    AwaitOp,
    ReprogramOp,
    SequenceOp,
    SignalOp,
)
from cimc.dialects.tile.types import (
    FeatureMapType,
    PartialSumsType,
    Real,
    SequenceType,
    WeightBlockType,
    ui8,
)
from cimc.dialects.tile.vector import (
    AddOp,
    AverageOp,
    MaxOp,
    MultiplyOp,
    RequantiseOp,
    ShuffleOp,
    SplatOp,
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
    "FeatureMapOp",
    "FeatureMapType",
    "LayerOp",
    "LoadPartialOp",
    "MaxOp",
    "MultiplyOp",
    "MvmOp",
    "PartialSumsOp",
    "PartialSumsType",
    "Real",
    "ReprogramOp",
    "RequantiseOp",
    "SequenceOp",
    "SequenceType",
    "ShuffleOp",
    "SignalOp",
    "SplatOp",
    "StoreOp",
    "StorePartialOp",
    "SumOp",
    "SweepOp",
    "TableOp",
    "WeightBlockOp",
    "WeightBlockType",
    "WindowOp",
    "ui8",
]

TILE = Dialect(
    "tile",
    [
        LayerOp,
        FeatureMapOp,
        PartialSumsOp,
        WeightBlockOp,
        SequenceOp,
        SweepOp,
        WindowOp,
        MvmOp,
        AccumulateOp,
        LoadPartialOp,
        StorePartialOp,
        RequantiseOp,
        MaxOp,
        SumOp,
        AverageOp,
        AddOp,
        MultiplyOp,
        ShuffleOp,
        TableOp,
        SplatOp,
        StoreOp,
        AwaitOp,
        SignalOp,
        ReprogramOp,
    ],
    [FeatureMapType, PartialSumsType, WeightBlockType, SequenceType, Real],
)
