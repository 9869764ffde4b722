"""Operations that follow from a declaration: a syntax line, fields and regions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self, cast

from xdsl.ir import Block, Operation, OpTraits, Region
from xdsl.printer import Printer
from xdsl.traits import NoTerminator
from xdsl.utils.exceptions import VerifyException

from cimc.dialects.lean import LeanOperation, operations_of
from cimc.isa.fields import BitField, Field
from cimc.isa.rules import broken

if TYPE_CHECKING:
    from xdsl.parser import Parser
    from xdsl.utils.mlir_lexer import PunctuationSpelling

__all__ = ["WORD_BYTES", "Access", "DeclaredOp", "Instruction"]

#: Bytes of an encoded instruction: the opcode and 120 bits of fields.
WORD_BYTES = 16

_TOKEN = re.compile(r"\{(\w+)\}|(\w+)|(\S)")


class Access(NamedTuple):
    """Bytes [start, stop) of vector register ``register`` that are read or written."""

    register: int
    start: int
    stop: int
    write: bool


class DeclaredOp(LeanOperation):
    """An operation without operands and results, made from a declaration.

    ``syntax`` is its text after the name, with ``{field}`` where a field stands.
    ``bodies`` names its regions; an empty name prints nothing before the region.
    The constructor takes each field by keyword as a plain Python value.
    """

    syntax: ClassVar[str] = ""
    bodies: ClassVar[tuple[str, ...]] = ()
    traits = OpTraits(lambda: (NoTerminator(),))

    def __init__(self, *bodies: Iterable[Operation], **values: Any) -> None:
        known, given, needed = self.fields().keys(), values.keys(), self._required()
        if not needed <= given <= known or len(bodies) != len(self.bodies):
            raise TypeError(
                f"{self.name}: unknown fields {sorted(given - known)}, missing fields "
                f"{sorted(needed - given)}, {len(bodies)} bodies for {len(self.bodies)}"
            )
        super().__init__(
            properties=self._properties(values),
            regions=[Region(Block(body)) for body in bodies],
        )

    @classmethod
    @cache
    def fields(cls) -> Mapping[str, Field[Any]]:
        """The declared fields, in order of declaration."""
        return {
            name: cast("Field[Any]", field)
            for owner in reversed(cls.__mro__)
            for name, field in vars(owner).items()
            if isinstance(field, Field)
        }

    @classmethod
    @cache
    def _required(cls) -> frozenset[str]:
        """The fields without a default."""
        return frozenset(
            n for n, field in cls.fields().items() if field.default is None
        )

    @property
    def values(self) -> dict[str, Any]:
        """All fields as plain Python values."""
        return {name: field.get(self) for name, field in self.fields().items()}

    def body(self, index: int = 0) -> tuple[Operation, ...]:
        """The operations of a region."""
        return tuple(operations_of(self.regions[index]))

    @classmethod
    def _properties(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """The properties for ``values``; a default is left out."""
        fields, properties = cls.fields(), dict[str, Any]()
        for name, value in values.items():
            field = fields[name]
            if value != field.default:
                attribute = field.to_attribute(value)
                if attribute is not None:
                    properties[name] = attribute
        return properties

    @classmethod
    @cache
    def _tokens(cls) -> tuple[tuple[Field[Any] | None, str, str], ...]:
        """The syntax line as (field, literal, text before the literal) triples."""
        return tuple(
            (
                cls.fields()[match[1]] if match[1] else None,
                match[2] or "",
                match[3] or "",
            )
            for match in _TOKEN.finditer(cls.syntax)
        )

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        """Parse what follows the operation's name."""
        values: dict[str, Any] = {}
        for field, keyword, punctuation in cls._tokens():
            if field is not None:
                values[field.name] = field.parse(parser)
            elif keyword:
                parser.parse_keyword(keyword)
            else:
                parser.parse_punctuation(cast("PunctuationSpelling", punctuation))
        regions: list[Region] = []
        for label in cls.bodies:
            if label and parser.parse_optional_keyword(label) is None:
                regions.append(Region(Block()))
            else:
                regions.append(parser.parse_region())
        return cls.create(properties=cls._properties(values), regions=regions)

    def text(self) -> str:
        """The operation's own text after its name, without regions."""
        fields = self.fields()
        return re.sub(
            r"\{(\w+)\}",
            lambda match: fields[match[1]].print(fields[match[1]].get(self)),
            self.syntax,
        )

    def print(self, printer: Printer) -> None:
        """Print what follows the operation's name."""
        if self.syntax:
            printer.print_string(f" {self.text()}")
        for index, label in enumerate(self.bodies):
            if label and not self.body(index):
                continue
            printer.print_string(f" {label} " if label else " ")
            printer.print_region(self.regions[index], print_empty_block=False)

    def verify(self, verify_nested_ops: bool = True) -> None:
        """Check its own rules, and all inside; there are no operands or results."""
        try:
            self.verify_()
        except VerifyException as error:
            self.emit_error(f"Operation does not verify: {error}", error)
        if verify_nested_ops:
            for index in range(len(self.bodies)):
                for op in self.body(index):
                    op.verify()

    def verify_(self) -> None:
        """Rule 1: every field is there, of its kind and within its limits."""
        fields, properties = self.fields(), self.properties
        for name, field in fields.items():
            if name not in properties and field.default is not None:
                continue
            if (problem := field.check(field.get(self))) is not None:
                raise broken(self, 1, f"{name} {problem}")
        if self.attributes or not self.properties.keys() <= fields.keys():
            stray = (self.properties.keys() | self.attributes.keys()) - fields.keys()
            raise broken(self, 1, f"unknown fields {', '.join(sorted(stray))}")
        if len(self.regions) != len(self.bodies) or not all(map(_plain, self.regions)):
            raise broken(
                self, 1, f"needs {len(self.bodies)} regions of one plain block"
            )


def _plain(region: Region) -> bool:
    """Whether a region has one block at most, and that no arguments."""
    block = region.first_block
    return block is region.last_block and not (block and block.args)


class Instruction(DeclaredOp):
    """An operation that has an encoding: byte 0 is the opcode, fields LSB first."""

    opcode: ClassVar[int]
    unit: ClassVar[str]
    """The unit that executes it, as the manual of the machine names it."""
    setup: ClassVar[bool] = False
    """Whether it may stand in the setup section."""
    main: ClassVar[bool] = True
    """Whether it may stand in the main section."""

    def accesses(self) -> Iterator[Access]:
        """Vector register bytes that it reads and writes, reads first."""
        return iter(())

    def to_word(self, constants: Mapping[Any, int]) -> bytes:
        """The instruction's 16 bytes; ``constants`` gives each constant's index."""
        word, shift = self.opcode, 8
        for field, number in self._encoded_fields():
            value = field.get(self)
            bits = number.to_bits(value) if number else constants[value]
            word |= bits << shift
            shift += field.bits
        return word.to_bytes(WORD_BYTES, "little")

    def constants(self) -> list[Any]:
        """The constants that the fields name, in their order."""
        return [field.get(self) for field in self._constants()]

    @classmethod
    @cache
    def _constants(cls) -> tuple[Field[Any], ...]:
        """The fields that name constants."""
        return tuple(field for field, number in cls._encoded_fields() if not number)

    @classmethod
    @cache
    def _encoded_fields(cls) -> tuple[tuple[Field[Any], BitField[Any] | None], ...]:
        """The fields, least significant first, each again if it is no constant."""
        return tuple(
            (f, f if isinstance(f, BitField) else None) for f in cls.fields().values()
        )

    @classmethod
    def values_of_word(cls, word: int) -> dict[str, Any] | None:
        """The fields of a word as an integer, constants as their index.

        None if a bit outside the fields is set.
        """
        word >>= 8
        values: dict[str, Any] = {}
        for field, number in cls._encoded_fields():
            bits = word & ((1 << field.bits) - 1)
            values[field.name] = number.from_bits(bits) if number else bits
            word >>= field.bits
        return None if word else values
