"""Fields that are not numbers: constants, strings, words and dictionaries."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, Any

from xdsl.dialects.builtin import DictionaryAttr, StringAttr
from xdsl.ir import Attribute
from xdsl.printer import Printer

from cimc.dialects.cim import WeightsRef
from cimc.isa.fields import Field

if TYPE_CHECKING:
    from xdsl.parser import Parser

__all__ = ["Choice", "Constant", "Details", "Text"]


class Constant(Field[WeightsRef]):
    """A constant; encoded as an index into the program's table of names."""

    kind = WeightsRef

    def from_attribute(self, attribute: Attribute) -> WeightsRef | None:
        """See base class."""
        return attribute if isinstance(attribute, WeightsRef) else None

    def to_attribute(self, value: Any) -> Attribute:
        """See base class."""
        return value

    def parse_value(self, parser: Parser) -> WeightsRef:
        """See base class."""
        attribute = parser.parse_attribute()
        if not isinstance(attribute, WeightsRef):
            parser.raise_error("expected #cim.weights<name, checksum>")
        return attribute

    def text(self, value: WeightsRef) -> str:
        """See base class."""
        return str(value)

    @property
    def describe(self) -> str:
        """See base class."""
        return f"u{self.bits} (constant)"


class Text(Field[str]):
    """A quoted string."""

    kind = str

    def from_attribute(self, attribute: Attribute) -> str | None:
        """See base class."""
        return attribute.data if isinstance(attribute, StringAttr) else None

    def to_attribute(self, value: Any) -> Attribute:
        """See base class."""
        return StringAttr(str(value))

    def parse_value(self, parser: Parser) -> str:
        """See base class."""
        return parser.parse_str_literal()

    def text(self, value: str) -> str:
        """See base class."""
        return _printed(StringAttr(value))


class Choice(Text):
    """One of a few words, written without quotes."""

    def __init__(self, *words: str) -> None:
        super().__init__()
        self.words = words

    def parse_value(self, parser: Parser) -> str:
        """See base class."""
        return parser.parse_keyword_in(self.words)

    def text(self, value: str) -> str:
        """See base class."""
        return value

    def check(self, value: str) -> str | None:
        """See base class."""
        if value in self.words:
            return None
        return f"must be one of {', '.join(self.words)}, not {value!r}"


class Details(Field[DictionaryAttr]):
    """Further keys as an optional dictionary of attributes."""

    kind = DictionaryAttr

    def __init__(self) -> None:
        super().__init__(default=DictionaryAttr({}))

    def from_attribute(self, attribute: Attribute) -> DictionaryAttr | None:
        """See base class."""
        return attribute if isinstance(attribute, DictionaryAttr) else None

    def to_attribute(self, value: Any) -> Attribute | None:
        """See base class."""
        return value if value.data else None

    def parse_value(self, parser: Parser) -> DictionaryAttr:
        """See base class."""
        return DictionaryAttr(parser.parse_optional_attr_dict())

    parse = parse_value

    def text(self, value: DictionaryAttr) -> str:
        """See base class."""
        return f" {_printed(value)}" if value.data else ""

    print = text


def _printed(attribute: Attribute) -> str:
    """The attribute's text."""
    stream = StringIO()
    Printer(stream).print_attribute(attribute)
    return stream.getvalue()
