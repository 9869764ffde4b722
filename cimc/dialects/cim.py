"""``cim``: attributes that the levels share (constants, quantisation, ranges)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from xdsl.dialects.builtin import FloatData, IntAttr, StringAttr
from xdsl.ir import Attribute, Dialect, ParametrizedAttribute
from xdsl.irdl import irdl_attr_definition, param_def
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

__all__ = [
    "CIM",
    "Clamp",
    "Pair",
    "Quantisation",
    "Range",
    "WeightsRef",
    "Window",
    "format_f32",
    "parse_number",
]


def format_f32(value: float) -> str:
    """The shortest decimal that reads back as the same float32."""
    text = np.format_float_scientific(np.float32(value), trim="0", unique=True)
    plain = np.format_float_positional(np.float32(value), trim="0", unique=True)
    return plain if len(plain) <= len(text) else text


def parse_number(parser: AttrParser) -> float:
    """Parse a signed integer or decimal as a float."""
    return float(parser.parse_number())


@irdl_attr_definition
class WeightsRef(ParametrizedAttribute):
    """A constant in the weight store, by name and checksum.

    ``#cim.weights<"conv1.weights", "9f86d081884c7d65">``
    """

    name = "cim.weights"
    symbol: StringAttr = param_def()
    checksum: StringAttr = param_def()

    @classmethod
    def of(cls, symbol: str, checksum: str) -> WeightsRef:
        """Refer to the constant ``symbol`` whose contents have ``checksum``."""
        return cls(StringAttr(symbol), StringAttr(checksum))

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        """Parse ``<symbol, checksum>``."""
        with parser.in_angle_brackets():
            symbol = parser.parse_str_literal()
            parser.parse_punctuation(",")
            return (StringAttr(symbol), StringAttr(parser.parse_str_literal()))


@irdl_attr_definition
class Quantisation(ParametrizedAttribute):
    """Affine quantisation of a tensor: real = scale · (stored − zero).

    ``#cim.quantisation<0.0235 : -3>``: scale is a positive float32, the zero point
    a value of the element type. It is the encoding of a builtin tensor type.
    """

    name = "cim.quantisation"
    scale: FloatData = param_def()
    zero: IntAttr = param_def()

    @classmethod
    def of(cls, scale: float, zero: int) -> Quantisation:
        """Quantisation with a float32 ``scale`` and an integer ``zero`` point."""
        return cls(FloatData(float(np.float32(scale))), IntAttr(zero))

    def verify(self) -> None:
        """CIM-1: the scale is finite and positive."""
        if not (np.isfinite(self.scale.data) and self.scale.data > 0):
            raise VerifyException(
                f"[CIM-1] the scale must be finite and positive, not {self.scale.data}"
            )

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        """Parse ``<scale : zero>``."""
        with parser.in_angle_brackets():
            # More than float32 holds becomes infinite, which the verifier refuses.
            with np.errstate(over="ignore"):
                scale = float(np.float32(parse_number(parser)))
            parser.parse_punctuation(":")
            return (FloatData(scale), IntAttr(parser.parse_integer()))

    def print_parameters(self, printer: Printer) -> None:
        """Print ``<scale : zero>``."""
        with printer.in_angle_brackets():
            printer.print_string(f"{format_f32(self.scale.data)} : {self.zero.data}")


def _parse_interval(parser: AttrParser) -> tuple[IntAttr, IntAttr]:
    """Parse ``<first : second>``."""
    with parser.in_angle_brackets():
        first = parser.parse_integer()
        parser.parse_punctuation(":")
        return IntAttr(first), IntAttr(parser.parse_integer())


def _print_interval(printer: Printer, first: int, second: int) -> None:
    """Print ``<first : second>``."""
    with printer.in_angle_brackets():
        printer.print_string(f"{first} : {second}")


@irdl_attr_definition
class Range(ParametrizedAttribute):
    """The half-open interval of integers [start, stop): ``#cim.range<0 : 288>``."""

    name = "cim.range"
    first: IntAttr = param_def()
    second: IntAttr = param_def()

    @classmethod
    @cache
    def of(cls, start: int, stop: int) -> Range:
        """The half-open interval [start, stop)."""
        return cls(IntAttr(start), IntAttr(stop))

    @property
    def start(self) -> int:
        """First element."""
        return self.first.data

    @property
    def stop(self) -> int:
        """One past the last element."""
        return self.second.data

    @property
    def size(self) -> int:
        """How many elements the interval holds."""
        return self.stop - self.start

    @property
    def slice(self) -> slice:
        """The interval as a Python slice."""
        return slice(self.start, self.stop)

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        """Parse ``<start : stop>``."""
        return _parse_interval(parser)

    def print_parameters(self, printer: Printer) -> None:
        """Print ``<start : stop>``."""
        _print_interval(printer, self.start, self.stop)

    def verify(self) -> None:
        """CIM-2: 0 ≤ start < stop."""
        if not 0 <= self.start < self.stop:
            raise VerifyException(
                f"[CIM-2] a range needs 0 <= start < stop, "
                f"not {self.start} : {self.stop}"
            )


@irdl_attr_definition
class Clamp(ParametrizedAttribute):
    """Inclusive bounds of a stored value: ``#cim.clamp<-5 : 127>``."""

    name = "cim.clamp"
    first: IntAttr = param_def()
    second: IntAttr = param_def()

    @classmethod
    def of(cls, low: int, high: int) -> Clamp:
        """The closed interval [low, high]."""
        return cls(IntAttr(low), IntAttr(high))

    @property
    def low(self) -> int:
        """Smallest value allowed."""
        return self.first.data

    @property
    def high(self) -> int:
        """Largest value allowed."""
        return self.second.data

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        """Parse ``<low : high>``."""
        return _parse_interval(parser)

    def print_parameters(self, printer: Printer) -> None:
        """Print ``<low : high>``."""
        _print_interval(printer, self.low, self.high)

    def verify(self) -> None:
        """CIM-3: low ≤ high."""
        if self.low > self.high:
            raise VerifyException(
                f"[CIM-3] a clamp needs low <= high, not {self.low} : {self.high}"
            )


#: Fields of a window that may be left out, and what they are then.
_OPTIONAL: dict[str, tuple[int, ...]] = {
    "stride": (1, 1),
    "dilation": (1, 1),
    "pad": (0, 0, 0, 0),
}


@irdl_attr_definition
class Window(ParametrizedAttribute):
    """A sliding window over the rows and columns of a feature map.

    ``#cim.window<kernel 3x3 stride 2x2 dilation 1x1 pad 1x1x1x1>``: height before
    width, padding as top, left, bottom, right. Stride and dilation of 1 and padding
    of 0 are not printed.
    """

    name = "cim.window"
    kernel_height: IntAttr = param_def()
    kernel_width: IntAttr = param_def()
    stride_height: IntAttr = param_def()
    stride_width: IntAttr = param_def()
    dilation_height: IntAttr = param_def()
    dilation_width: IntAttr = param_def()
    pad_top: IntAttr = param_def()
    pad_left: IntAttr = param_def()
    pad_bottom: IntAttr = param_def()
    pad_right: IntAttr = param_def()

    @classmethod
    def of(
        cls,
        kernel: tuple[int, int],
        stride: tuple[int, int] = (1, 1),
        dilation: tuple[int, int] = (1, 1),
        pad: tuple[int, int, int, int] = (0, 0, 0, 0),
    ) -> Window:
        """Build a window; ``pad`` is (top, left, bottom, right)."""
        return cls(*map(IntAttr, (*kernel, *stride, *dilation, *pad)))

    @property
    def kernel(self) -> tuple[int, int]:
        """Kernel (height, width)."""
        return self.kernel_height.data, self.kernel_width.data

    @property
    def stride(self) -> tuple[int, int]:
        """Stride (height, width)."""
        return self.stride_height.data, self.stride_width.data

    @property
    def dilation(self) -> tuple[int, int]:
        """Dilation (height, width)."""
        return self.dilation_height.data, self.dilation_width.data

    @property
    def pad(self) -> tuple[int, int, int, int]:
        """Padding (top, left, bottom, right)."""
        return (
            self.pad_top.data,
            self.pad_left.data,
            self.pad_bottom.data,
            self.pad_right.data,
        )

    def output_size(self, height: int, width: int) -> tuple[int, int]:
        """Rows and columns of window positions over an IFM of height × width."""
        top, left, bottom, right = self.pad
        sizes = (height + top + bottom, width + left + right)
        out = [
            (size - (kernel - 1) * dilation - 1) // stride + 1
            for size, kernel, stride, dilation in zip(
                sizes, self.kernel, self.stride, self.dilation, strict=True
            )
        ]
        return out[0], out[1]

    def verify(self) -> None:
        """CIM-4: kernel and dilation are positive, stride and padding not negative."""
        if min(*self.kernel, *self.dilation) < 1 or min(*self.stride, *self.pad) < 0:
            raise VerifyException(
                "[CIM-4] kernel and dilation must be positive, "
                "stride and padding not negative"
            )

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        """Parse ``<kernel HxW stride HxW dilation HxW pad TxLxBxR>``."""
        values: list[int] = []
        with parser.in_angle_brackets():
            parser.parse_keyword("kernel")
            values += _parse_dimensions(parser, 2)
            for field, default in _OPTIONAL.items():
                given = parser.parse_optional_keyword(field) is not None
                values += _parse_dimensions(parser, len(default)) if given else default
        return tuple(map(IntAttr, values))

    def print_parameters(self, printer: Printer) -> None:
        """Print the kernel, and what differs from a plain dense window."""
        fields = {"kernel": self.kernel} | {
            field: getattr(self, field)
            for field, default in _OPTIONAL.items()
            if getattr(self, field) != default
        }
        texts = (
            f"{field} {'x'.join(map(str, size))}" for field, size in fields.items()
        )
        with printer.in_angle_brackets():
            printer.print_string(" ".join(texts))


@irdl_attr_definition
class Pair(ParametrizedAttribute):
    """Something by rows and by columns: ``#cim.pair<2x1>``."""

    name = "cim.pair"
    first: IntAttr = param_def()
    second: IntAttr = param_def()

    @classmethod
    def of(cls, rows: int, columns: int) -> Pair:
        """That many rows and columns."""
        return cls(IntAttr(rows), IntAttr(columns))

    @property
    def values(self) -> tuple[int, int]:
        """(rows, columns)."""
        return self.first.data, self.second.data

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        """Parse ``<rowsxcolumns>``."""
        with parser.in_angle_brackets():
            return [IntAttr(size) for size in _parse_dimensions(parser, 2)]

    def print_parameters(self, printer: Printer) -> None:
        """Print ``<rowsxcolumns>``."""
        with printer.in_angle_brackets():
            printer.print_string("x".join(map(str, self.values)))

    def verify(self) -> None:
        """CIM-5: neither is negative."""
        if min(self.values) < 0:
            raise VerifyException("[CIM-5] rows and columns must not be negative")


def _parse_dimensions(parser: AttrParser, count: int) -> list[int]:
    """Parse ``count`` integers joined by ``x``, as in shapes."""
    sizes = [parser.parse_shape_dimension(allow_dynamic=False)]
    for _ in range(count - 1):
        parser.parse_shape_delimiter()
        sizes.append(parser.parse_shape_dimension(allow_dynamic=False))
    return sizes


CIM = Dialect("cim", [], [WeightsRef, Quantisation, Range, Clamp, Window, Pair])
