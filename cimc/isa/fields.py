"""Fields of declared operations: one object knows text, attribute, limits and bits.

This file has their base and the numbers, fields_text.py the others.
"""

from __future__ import annotations

import math
import struct
from abc import ABC, abstractmethod
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, overload

import numpy as np
from xdsl.dialects.builtin import (
    FloatAttr,
    IntegerAttr,
    IntegerType,
    UnitAttr,
    f32,
)
from xdsl.ir import Attribute, Operation

from cimc.dialects.cim import format_f32
from cimc.isa.rules import broken

if TYPE_CHECKING:
    from xdsl.parser import Parser

__all__ = [
    "BitField",
    "Displacement",
    "Field",
    "Flag",
    "Integer",
    "Real",
    "Register",
]

T = TypeVar("T")

_I64 = IntegerType(64)


@lru_cache(maxsize=1 << 16)
def _integer_attribute(value: int) -> IntegerAttr[IntegerType]:
    return IntegerAttr(value, _I64)


class Field(ABC, Generic[T]):
    """One field of an operation, kept as a property of the field's name.

    ``bits`` is its width in the encoding (0: not encoded), ``default`` makes it
    optional in text and constructor, ``keyword`` precedes it in the text then.
    """

    kind: ClassVar[type]
    """Python type of the value."""

    def __init__(
        self, bits: int = 0, *, default: T | None = None, keyword: str = ""
    ) -> None:
        self.name = ""
        self.bits = bits
        self.default = default
        self.keyword = keyword

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, op: None, owner: type) -> Field[T]: ...

    @overload
    def __get__(self, op: Operation, owner: type) -> T: ...

    def __get__(self, op: Operation | None, owner: type) -> Field[T] | T:
        return self if op is None else self.get(op)

    def get(self, op: Operation) -> T:
        """The field's value in ``op``; rule 1: it is there and of the right kind."""
        attribute = op.properties.get(self.name)
        if attribute is None:
            if self.default is None:
                raise broken(op, 1, f"field {self.name!r} is missing")
            return self.default
        value = self.from_attribute(attribute)
        if value is None:
            raise broken(op, 1, f"field {self.name!r} cannot be {attribute}")
        return value

    @abstractmethod
    def from_attribute(self, attribute: Attribute) -> T | None:
        """The value that ``attribute`` holds, or None if it holds none."""

    @abstractmethod
    def to_attribute(self, value: Any) -> Attribute | None:
        """The property for ``value``; None where absence means it."""

    @abstractmethod
    def parse_value(self, parser: Parser) -> T:
        """Parse the value's text."""

    @abstractmethod
    def text(self, value: T) -> str:
        """The value's text."""

    def check(self, value: T) -> str | None:
        """What is wrong with ``value``, if anything."""
        return None

    def parse(self, parser: Parser) -> T:
        """Parse the field where it stands in the operation's syntax."""
        if (
            self.default is not None
            and parser.parse_optional_keyword(self.keyword) is None
        ):
            return self.default
        return self.parse_value(parser)

    def print(self, value: T) -> str:
        """Text of the field where it stands; empty for an optional default."""
        if self.default is None:
            return self.text(value)
        return "" if value == self.default else f" {self.keyword} {self.text(value)}"

    @property
    def describe(self) -> str:
        """Type of the field, for the manual."""
        return f"u{self.bits}"

    @property
    def placeholder(self) -> str:
        """How the field stands in the manual's syntax."""
        if self.default is None:
            return f"<{self.name}>"
        return f" [{self.keyword} <{self.name}>]"


class BitField(Field[T]):
    """A field that knows its bits in an instruction."""

    @abstractmethod
    def to_bits(self, value: T) -> int:
        """The value as an unsigned integer of ``bits`` bits."""

    @abstractmethod
    def from_bits(self, bits: int) -> T:
        """The value that :meth:`to_bits` turned into ``bits``."""


class Integer(BitField[int]):
    """A whole number: ``minimum`` .. what the width allows."""

    kind = int

    def __init__(
        self,
        bits: int = 0,
        *,
        signed: bool = False,
        minimum: int | None = None,
        default: int | None = None,
        keyword: str = "",
    ) -> None:
        super().__init__(bits, default=default, keyword=keyword)
        width = bits or 48
        self.signed = signed
        lowest = -(1 << (width - 1)) if signed else 0
        self.minimum = lowest if minimum is None else minimum
        self.maximum = (1 << (width - signed)) - 1

    def get(self, op: Operation) -> int:
        """See base class."""
        attribute = op.properties.get(self.name)
        if isinstance(attribute, IntegerAttr):
            return attribute.value.data
        return super().get(op)

    def from_attribute(self, attribute: Attribute) -> int | None:
        """See base class."""
        if isinstance(attribute, IntegerAttr):
            return attribute.value.data
        return None

    def to_attribute(self, value: Any) -> Attribute:
        """See base class."""
        return _integer_attribute(int(value))

    def parse_value(self, parser: Parser) -> int:
        """See base class."""
        return parser.parse_integer(allow_boolean=False)

    def text(self, value: int) -> str:
        """See base class."""
        return str(value)

    def check(self, value: int) -> str | None:
        """See base class."""
        if self.minimum <= value <= self.maximum:
            return None
        return f"must be {self.minimum} to {self.maximum}, not {value}"

    def to_bits(self, value: int) -> int:
        """See base class."""
        return value & ((1 << self.bits) - 1)

    def from_bits(self, bits: int) -> int:
        """See base class."""
        return (
            bits - (1 << self.bits) if self.signed and bits >> (self.bits - 1) else bits
        )

    @property
    def describe(self) -> str:
        """See base class."""
        return f"{'i' if self.signed else 'u'}{self.bits}"


class Register(Integer):
    """A register number, written with the prefix of its file: ``v3``."""

    def __init__(self, prefix: str, bits: int, count: int | None = None) -> None:
        super().__init__(bits)
        self.prefix = prefix
        if count is not None:
            self.maximum = count - 1

    def parse_value(self, parser: Parser) -> int:
        """See base class."""
        name = parser.parse_identifier(f" ({self.prefix} register)")
        number = name.removeprefix(self.prefix)
        if number == name or not (number.isascii() and number.isdigit()):
            parser.raise_error(f"expected a register {self.prefix}0, {self.prefix}1, …")
        return int(number)

    def text(self, value: int) -> str:
        """See base class."""
        return f"{self.prefix}{value}"

    @property
    def describe(self) -> str:
        """See base class."""
        return f"u{self.bits} ({self.prefix})"

    @property
    def placeholder(self) -> str:
        """See base class."""
        return (
            self.name
            if self.name.startswith(self.prefix)
            else f"{self.prefix}<{self.name}>"
        )


class Displacement(Integer):
    """A byte offset that vanishes from the text when it is 0: `` + 64``."""

    def __init__(self, bits: int, *, signed: bool = False) -> None:
        super().__init__(bits, signed=signed, default=0)

    def parse(self, parser: Parser) -> int:
        """See base class."""
        if parser.parse_optional_punctuation("+") is not None:
            return parser.parse_integer(allow_boolean=False, allow_negative=False)
        if self.signed and parser.parse_optional_punctuation("-") is not None:
            return -parser.parse_integer(allow_boolean=False, allow_negative=False)
        return 0

    def print(self, value: int) -> str:
        """See base class."""
        if value == 0:
            return ""
        return f" + {value}" if value > 0 else f" - {-value}"

    @property
    def placeholder(self) -> str:
        """See base class."""
        return f" [{'±' if self.signed else '+'} <{self.name}>]"


class Flag(BitField[bool]):
    """One bit, written as the field's name or as nothing."""

    kind = bool

    def __init__(self) -> None:
        super().__init__(1, default=False)

    def from_attribute(self, attribute: Attribute) -> bool | None:
        """See base class."""
        return True if isinstance(attribute, UnitAttr) else None

    def to_attribute(self, value: Any) -> Attribute | None:
        """See base class."""
        return UnitAttr() if value else None

    def parse_value(self, parser: Parser) -> bool:
        """See base class."""
        return parser.parse_optional_keyword(self.name) is not None

    parse = parse_value

    def text(self, value: bool) -> str:
        """See base class."""
        return f" {self.name}" if value else ""

    print = text

    def to_bits(self, value: bool) -> int:
        """See base class."""
        return int(value)

    def from_bits(self, bits: int) -> bool:
        """See base class."""
        return bool(bits)

    @property
    def describe(self) -> str:
        """See base class."""
        return "flag"

    @property
    def placeholder(self) -> str:
        """See base class."""
        return f" [{self.name}]"


class Real(BitField[float]):
    """A finite float32."""

    kind = float

    def __init__(self) -> None:
        super().__init__(32)

    def from_attribute(self, attribute: Attribute) -> float | None:
        """See base class."""
        if isinstance(attribute, FloatAttr) and attribute.get_type() == f32:
            return float(np.float32(attribute.value.data))
        return None

    def to_attribute(self, value: Any) -> Attribute:
        """See base class."""
        return FloatAttr(float(np.float32(value)), f32)

    def parse_value(self, parser: Parser) -> float:
        """See base class."""
        return float(np.float32(parser.parse_number()))

    def text(self, value: float) -> str:
        """See base class."""
        return format_f32(value)

    def check(self, value: float) -> str | None:
        """See base class."""
        return None if math.isfinite(value) else f"must be finite, not {value}"

    def to_bits(self, value: float) -> int:
        """See base class."""
        return int.from_bytes(struct.pack("<f", value), "little")

    def from_bits(self, bits: int) -> float:
        """See base class."""
        return struct.unpack("<f", bits.to_bytes(4, "little"))[0]

    @property
    def describe(self) -> str:
        """See base class."""
        return "f32"
