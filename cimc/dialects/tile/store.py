"""Where a sweep writes its OFM."""

from __future__ import annotations

from xdsl.dialects.builtin import UnitAttr, VectorType
from xdsl.ir import SSAValue
from xdsl.irdl import operand_def, opt_prop_def, prop_def
from xdsl.utils.exceptions import VerifyException

from cimc.dialects.cim import Pair, Range
from cimc.dialects.lean import lean_op_definition
from cimc.dialects.tile.body import BodyOp, element_of, length_of
from cimc.dialects.tile.types import FeatureMapType


@lean_op_definition
class StoreOp(BodyOp):
    """Write channels of the current position of an OFM.

    ``padded`` positions count from the top left corner of the halo, so that the halo
    can be written, too. With ``stride <2x2> offset <0x1>`` position (i, j) is
    (2 · i + 0, 2 · j + 1) of the map.

    ``tile.store %y, %ofm channels <0 : 64> : vector<64xi8>, !tile.feature_map<…>``
    """

    name = "tile.store"
    value = operand_def(VectorType)
    target = operand_def(FeatureMapType)
    channels = prop_def(Range)
    some_padded = opt_prop_def(UnitAttr, prop_name="padded")
    some_stride = opt_prop_def(Pair, prop_name="stride")
    some_offset = opt_prop_def(Pair, prop_name="offset")
    assembly_format = (
        "$value `,` $target (`padded` $padded^)? "
        "(`stride` $stride^ `offset` $offset)? `channels` $channels attr-dict "
        "`:` type($value) `,` type($target)"
    )

    def __init__(
        self,
        value: SSAValue,
        target: SSAValue,
        channels: Range,
        *,
        padded: bool = False,
        stride: tuple[int, int] = (1, 1),
        offset: tuple[int, int] = (0, 0),
    ) -> None:
        dense = stride == (1, 1) and offset == (0, 0)
        super().__init__(
            operands=[value, target],
            properties={
                "channels": channels,
                "padded": UnitAttr() if padded else None,
                "stride": None if dense else Pair.of(*stride),
                "offset": None if dense else Pair.of(*offset),
            },
        )

    @property
    def padded(self) -> bool:
        """Whether positions count from the corner of the halo."""
        return self.some_padded is not None

    @property
    def stride(self) -> tuple[int, int]:
        """Rows and columns of the map from a position of the sweep to the next."""
        return self.some_stride.values if self.some_stride else (1, 1)

    @property
    def offset(self) -> tuple[int, int]:
        """Row and column of the map at the first position of all."""
        return self.some_offset.values if self.some_offset else (0, 0)

    def output_row(self, row: int) -> int:
        """Row of the map at row ``row`` of the sweep."""
        return row * self.stride[0] + self.offset[0]

    def output_column(self, column: int) -> int:
        """Column of the map at column ``column`` of the sweep."""
        return column * self.stride[1] + self.offset[1]

    @property
    def target_type(self) -> FeatureMapType:
        """Type of the OFM."""
        assert isinstance(self.target.type, FeatureMapType)
        return self.target.type

    def verify_(self) -> None:
        """TILE-12: vector, channels and positions fit the map. TILE-19: the stride."""
        height, width, channels = self.target_type.shape
        if (
            self.channels.size != length_of(self.value)
            or self.channels.stop > channels
            or self.target_type.element != element_of(self.value)
        ):
            raise VerifyException(
                "[TILE-12] the vector does not match the channels of the map"
            )
        if self.padded:
            height, width = (
                self.target_type.padded_rows,
                self.target_type.padded_columns,
            )
        if (
            self.output_row(self.sweep.rows.stop - 1) >= height
            or self.output_column(self.sweep.columns.stop - 1) >= width
        ):
            raise VerifyException("[TILE-12] the sweep leaves the feature map")
        if min(self.stride) < 1:
            raise VerifyException("[TILE-19] the stride of a store must be positive")
