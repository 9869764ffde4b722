"""Types of the tile level: what lies in shared memory, and blocks of weights."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import FloatData, IntAttr, IntegerType, Signedness, i8, i32
from xdsl.ir import Attribute, ParametrizedAttribute, TypeAttribute
from xdsl.irdl import irdl_attr_definition, param_def
from xdsl.parser import AttrParser
from xdsl.printer import Printer

from cimc.dialects.cim import format_f32, parse_number

__all__ = [
    "FeatureMapType",
    "PartialSumsType",
    "Real",
    "SequenceType",
    "WeightBlockType",
    "ui8",
]

ui8 = IntegerType(8, Signedness.UNSIGNED)


def _parse_shape_and_element(parser: AttrParser, rank: int) -> list[Attribute]:
    """Parse ``32x32x64xi8`` into ``rank`` sizes and an element type."""
    start = parser.pos
    shape, element = parser.parse_ranked_shape()
    if len(shape) != rank:
        parser.raise_error(f"expected {rank} sizes", start)
    return [*map(IntAttr, shape), element]


@irdl_attr_definition
class FeatureMapType(ParametrizedAttribute, TypeAttribute):
    """A feature map: height x width x channels, with a halo of constant elements.

    ``!tile.feature_map<32x32x64xi8, halo 1x1x1x1 of -3>``; the halo is top, left,
    bottom, right and holds ``fill``: the zero point, or for pools the lowest value.
    """

    name = "tile.feature_map"
    height: IntAttr = param_def()
    width: IntAttr = param_def()
    channels: IntAttr = param_def()
    element: IntegerType = param_def()
    halo_top: IntAttr = param_def()
    halo_left: IntAttr = param_def()
    halo_bottom: IntAttr = param_def()
    halo_right: IntAttr = param_def()
    fill: IntAttr = param_def()

    @classmethod
    def of(
        cls,
        shape: tuple[int, int, int],
        element: IntegerType,
        halo: tuple[int, int, int, int] = (0, 0, 0, 0),
        fill: int = 0,
    ) -> FeatureMapType:
        """A map of (height, width, channels) with a (top, left, bottom, right) halo."""
        height, width, channels = map(IntAttr, shape)
        top, left, bottom, right = map(IntAttr, halo)
        kept = IntAttr(fill if any(halo) else 0)
        return cls(height, width, channels, element, top, left, bottom, right, kept)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(height, width, channels) without the halo."""
        return self.height.data, self.width.data, self.channels.data

    @property
    def halo(self) -> tuple[int, int, int, int]:
        """Halo rows and columns: top, left, bottom, right."""
        return (
            self.halo_top.data,
            self.halo_left.data,
            self.halo_bottom.data,
            self.halo_right.data,
        )

    @property
    def unsigned(self) -> bool:
        """Whether elements are uint8 rather than int8."""
        return self.element == ui8

    @property
    def column_stride(self) -> int:
        """Bytes from one column to the next."""
        return self.channels.data

    @property
    def row_stride(self) -> int:
        """Bytes from one row to the next."""
        return self.padded_columns * self.column_stride

    @property
    def origin(self) -> int:
        """Bytes from the start of the buffer to element (0, 0, 0)."""
        top, left, _, _ = self.halo
        return top * self.row_stride + left * self.column_stride

    @property
    def padded_rows(self) -> int:
        """Rows with those of the halo."""
        top, _, bottom, _ = self.halo
        return top + self.height.data + bottom

    @property
    def padded_columns(self) -> int:
        """Columns with those of the halo."""
        _, left, _, right = self.halo
        return left + self.width.data + right

    @property
    def size_bytes(self) -> int:
        """Bytes of the whole map, halo included."""
        return self.padded_rows * self.row_stride

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        """Parse ``<HxWxCxT, halo TxLxBxR of F>``."""
        with parser.in_angle_brackets():
            parameters = _parse_shape_and_element(parser, 3)
            if parser.parse_optional_punctuation(",") is None:
                return (*parameters, *map(IntAttr, (0, 0, 0, 0, 0)))
            parser.parse_keyword("halo")
            for side in range(4):
                if side:
                    parser.parse_shape_delimiter()
                size = parser.parse_shape_dimension(allow_dynamic=False)
                parameters.append(IntAttr(size))
            parser.parse_keyword("of")
            return (*parameters, IntAttr(parser.parse_integer()))

    def print_parameters(self, printer: Printer) -> None:
        """Print ``<HxWxCxT, halo TxLxBxR of F>``, without a halo that is empty."""
        with printer.in_angle_brackets():
            printer.print_string(f"{'x'.join(map(str, self.shape))}x{self.element}")
            if any(self.halo):
                halo = "x".join(map(str, self.halo))
                printer.print_string(f", halo {halo} of {self.fill.data}")


@irdl_attr_definition
class PartialSumsType(ParametrizedAttribute, TypeAttribute):
    """Partial sums of an OFM in shared memory: ``!tile.partial_sums<8x8x64xi32>``."""

    name = "tile.partial_sums"
    height: IntAttr = param_def()
    width: IntAttr = param_def()
    channels: IntAttr = param_def()
    element: IntegerType = param_def()

    @classmethod
    def of(cls, shape: tuple[int, int, int]) -> PartialSumsType:
        """Int32 sums of (height, width, channels)."""
        height, width, channels = map(IntAttr, shape)
        return cls(height, width, channels, i32)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(height, width, channels)."""
        return self.height.data, self.width.data, self.channels.data

    @property
    def column_stride(self) -> int:
        """Bytes from one position to the next in a row."""
        return 4 * self.channels.data

    @property
    def row_stride(self) -> int:
        """Bytes from one row to the next."""
        return self.width.data * self.column_stride

    @property
    def size_bytes(self) -> int:
        """Bytes of the buffer."""
        return self.height.data * self.row_stride

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        """Parse ``<HxWxCxi32>``."""
        with parser.in_angle_brackets():
            return _parse_shape_and_element(parser, 3)

    def print_parameters(self, printer: Printer) -> None:
        """Print ``<HxWxCxi32>``."""
        with printer.in_angle_brackets():
            printer.print_string("x".join(map(str, self.shape)) + f"x{self.element}")


@irdl_attr_definition
class WeightBlockType(ParametrizedAttribute, TypeAttribute):
    """A block of an im2col kernel matrix: ``!tile.weight_block<288x64xi8>``.

    With ``, groups G`` the columns fall into ``groups`` equal parts, and part g
    multiplies only the channels of group g (rows counts the inputs of one group).
    """

    name = "tile.weight_block"
    rows: IntAttr = param_def()
    columns: IntAttr = param_def()
    element: IntegerType = param_def()
    groups: IntAttr = param_def()

    @classmethod
    def of(cls, rows: int, columns: int, groups: int = 1) -> WeightBlockType:
        """An int8 block of rows × columns."""
        return cls(IntAttr(rows), IntAttr(columns), i8, IntAttr(groups))

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        """Parse ``<RxCxi8, groups G>``."""
        with parser.in_angle_brackets():
            parameters = _parse_shape_and_element(parser, 2)
            if parser.parse_optional_punctuation(",") is None:
                return (*parameters, IntAttr(1))
            parser.parse_keyword("groups")
            return (*parameters, IntAttr(parser.parse_integer()))

    def print_parameters(self, printer: Printer) -> None:
        """Print ``<RxCxi8, groups G>``, without a single group."""
        with printer.in_angle_brackets():
            shape = f"{self.rows.data}x{self.columns.data}x{self.element}"
            printer.print_string(shape)
            if self.groups.data != 1:
                printer.print_string(f", groups {self.groups.data}")


@irdl_attr_definition
class SequenceType(ParametrizedAttribute, TypeAttribute):
    """A count that one core raises and another waits for: ``!tile.sequence``."""

    name = "tile.sequence"


@irdl_attr_definition
class Real(ParametrizedAttribute):
    """A float32 constant of the vector unit: ``#tile.real<0.25>``."""

    name = "tile.real"
    value: FloatData = param_def()

    @classmethod
    def of(cls, value: float) -> Real:
        """The constant ``value``, which must be a float32."""
        return cls(FloatData(float(value)))

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        """Parse ``<value>``."""
        with parser.in_angle_brackets():
            return (FloatData(parse_number(parser)),)

    def print_parameters(self, printer: Printer) -> None:
        """Print ``<value>``."""
        with printer.in_angle_brackets():
            printer.print_string(format_f32(self.value.data))
