"""Operations of which a program has many: those of xDSL, built and read with less ado.

What a network of a hundred layers takes to compile is mostly the making and reading of
operations. These do without what their dialects do not use: arguments of variable
number, default properties, successors, and virtual subclasses.
"""

from __future__ import annotations

from abc import ABCMeta
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self, TypeVar, cast

from xdsl.dialects.builtin import UNKNOWN_LOC, LocationAttr
from xdsl.ir import (
    Attribute,
    Block,
    Operation,
    OpResult,
    Region,
    SSAValue,
    SSAValues,
)
from xdsl.irdl import IRDLOperation, irdl_op_definition

__all__ = [
    "LeanIRDLOperation",
    "LeanOperation",
    "lean_op_definition",
    "operations_of",
]


class _NoVirtualSubclasses(ABCMeta):
    """Classes whose instances are those of their real subclasses: quick to tell."""

    __instancecheck__ = type.__instancecheck__


def operations_of(region: Region) -> list[Operation]:
    """The operations of a region of one block, or of none."""
    block = region.first_block
    found: list[Operation] = []
    op: Any = None if block is None else block.first_op
    while op is not None:
        found.append(op)
        op = op._next_op  # past the property
    return found


class LeanOperation(Operation, metaclass=_NoVirtualSubclasses):
    """An operation without successors."""

    def __init__(
        self,
        *,
        operands: Sequence[SSAValue] = (),
        result_types: Sequence[Attribute] = (),
        properties: Mapping[str, Attribute] = {},
        attributes: Mapping[str, Attribute] = {},
        location: LocationAttr | None = None,
        regions: Sequence[Region] = (),
    ) -> None:
        # What is empty is so in the class.
        self.properties = dict(properties)
        self.attributes = dict(attributes)
        self.location = location or UNKNOWN_LOC
        if operands:
            self.operands = operands
        if result_types:
            self.results = SSAValues(
                [OpResult(type_, self, i) for i, type_ in enumerate(result_types)]
            )
        for region in regions:
            self.add_region(region)

    @classmethod
    def create(
        cls,
        *,
        operands: Sequence[SSAValue] = (),
        result_types: Sequence[Attribute] = (),
        properties: Mapping[str, Attribute] = {},
        attributes: Mapping[str, Attribute] = {},
        location: LocationAttr | None = None,
        successors: Sequence[Block] = (),
        regions: Sequence[Region] = (),
    ) -> Self:
        """An operation from its parts, past the constructor of its class."""
        assert not successors
        op = cls.__new__(cls)
        LeanOperation.__init__(
            op,
            operands=operands,
            result_types=result_types,
            properties=properties,
            attributes=attributes,
            location=location,
            regions=regions,
        )
        return op

    def clone(
        self,
        value_mapper: dict[SSAValue, SSAValue] | None = None,
        block_mapper: dict[Block, Block] | None = None,
        *,
        clone_name_hints: bool = True,
        clone_operands: bool = True,
    ) -> Self:
        """Clone it with all its regions."""
        if not (self.operands or self.results or self.regions):
            return self.create(
                properties=self.properties,
                attributes=self.attributes,
                location=self.location,
            )
        clone = super().clone if self.regions else self.clone_without_regions
        return clone(
            value_mapper,
            block_mapper,
            clone_name_hints=clone_name_hints,
            clone_operands=clone_operands,
        )


class LeanIRDLOperation(LeanOperation, IRDLOperation):
    """An operation by IRDL whose operands, results and regions are all single ones.

    Properties that are None are left out.
    """

    def __init__(
        self,
        *,
        operands: Sequence[SSAValue] = (),
        result_types: Sequence[Attribute] = (),
        properties: Mapping[str, Attribute | None] = {},
        regions: Sequence[Region] = (),
    ) -> None:
        super().__init__(
            operands=operands,
            result_types=result_types,
            properties={k: v for k, v in properties.items() if v is not None},
            regions=regions,
        )


OpT = TypeVar("OpT", bound=LeanIRDLOperation)

_item: Callable[[Any, int], Any] = cast(Any, tuple).__getitem__


def lean_op_definition(cls: type[OpT]) -> type[OpT]:
    """Define an operation; its operands, results and regions are read directly."""
    cls = irdl_op_definition(cls)
    definition = cls.get_irdl_definition()
    for index, (name, _) in enumerate(definition.operands):
        setattr(cls, name, property(_operand(index)))
    for index, (name, _) in enumerate(definition.results):
        setattr(cls, name, property(_result(index)))
    for index, (name, _) in enumerate(definition.regions):
        setattr(cls, name, property(_region(index)))
    return cls


def _operand(index: int) -> Callable[[Any], SSAValue]:
    # Past the view that xDSL makes of operands each time, and its look out for slices.
    return lambda op: _item(op._operands, index)


def _result(index: int) -> Callable[[Operation], SSAValue]:
    return lambda op: _item(op.results, index)


def _region(index: int) -> Callable[[Operation], Region]:
    return lambda op: op.regions[index]
