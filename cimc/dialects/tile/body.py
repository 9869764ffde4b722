"""What the operations inside a sweep share."""

from __future__ import annotations

from functools import cache
from typing import cast

from xdsl.dialects.builtin import IntegerType, VectorType
from xdsl.ir import SSAValue
from xdsl.irdl import traits_def
from xdsl.traits import HasParent

from cimc.dialects.lean import LeanIRDLOperation
from cimc.dialects.tile.memory import SweepOp


@cache
def vector(length: int, element: IntegerType) -> VectorType[IntegerType]:
    """The type of a vector of ``length`` elements."""
    return VectorType(element, [length])


def length_of(value: SSAValue) -> int:
    """Number of elements of a vector value."""
    return _vector_type(value).get_shape()[0]


def element_of(value: SSAValue) -> IntegerType:
    """Element type of a vector value."""
    return _vector_type(value).get_element_type()


def _vector_type(value: SSAValue) -> VectorType[IntegerType]:
    # xDSL's isa() takes 1000 times as long.
    assert value.type.name == VectorType.name
    return cast("VectorType[IntegerType]", value.type)


class BodyOp(LeanIRDLOperation):
    """An operation in the body of a sweep."""

    traits = traits_def(HasParent(SweepOp))

    @property
    def sweep(self) -> SweepOp:
        """The sweep around the operation."""
        parent = self.parent_op()
        assert isinstance(parent, SweepOp)
        return parent
