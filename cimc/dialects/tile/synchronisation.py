"""Sequences and signals between cores, and the barrier between phases."""

from __future__ import annotations

from xdsl.dialects.builtin import I64, IntegerAttr
from xdsl.ir import SSAValue
from xdsl.irdl import (
    operand_def,
    opt_prop_def,
    prop_def,
    result_def,
)
from xdsl.utils.exceptions import VerifyException

from cimc.dialects.lean import LeanIRDLOperation, lean_op_definition
from cimc.dialects.tile.body import BodyOp
from cimc.dialects.tile.memory import integer
from cimc.dialects.tile.types import SequenceType


@lean_op_definition
class SequenceOp(LeanIRDLOperation):
    """A count that one core raises and one other core waits for.

    It starts at ``credit``, zero if there is none: what the sink need not wait for,
    since a buffer is empty at first. ``%s = tile.sequence 6 -> 7 credit 4 :
    !tile.sequence``
    """

    name = "tile.sequence"
    source = prop_def(IntegerAttr[I64])
    sink = prop_def(IntegerAttr[I64])
    some_credit = opt_prop_def(IntegerAttr[I64], prop_name="credit")
    result = result_def(SequenceType)
    assembly_format = (
        "$source `->` $sink (`credit` $credit^)? attr-dict `:` type($result)"
    )

    def __init__(self, source: int, sink: int, credit: int = 0) -> None:
        super().__init__(
            properties={
                "source": integer(source),
                "sink": integer(sink),
                "credit": integer(credit) if credit else None,
            },
            result_types=[SequenceType()],
        )

    @property
    def credit(self) -> int:
        """Where the count starts."""
        return 0 if self.some_credit is None else self.some_credit.value.data

    def verify_(self) -> None:
        """TILE-5: source and sink differ, and credit is not negative."""
        if self.source == self.sink:
            raise VerifyException("[TILE-5] a core does not wait for itself")
        if self.credit < 0:
            raise VerifyException("[TILE-5] credit must not be negative")


class _SequenceUser(BodyOp):
    """An operation that raises or awaits a sequence.

    ``every`` is after how many positions it happens again: 1 for each vector, the
    columns of the sweep for each row; once per sweep without it. ``by`` is how far
    the count moves, 1 if it is not given.
    """

    sequence = operand_def(SequenceType)
    some_every = opt_prop_def(IntegerAttr[I64], prop_name="every")
    some_by = opt_prop_def(IntegerAttr[I64], prop_name="by")

    def __init__(
        self, sequence: SSAValue, every: int | None = None, by: int = 1
    ) -> None:
        super().__init__(
            operands=[sequence],
            properties={
                "every": None if every is None else integer(every),
                "by": None if by == 1 else integer(by),
            },
        )

    @property
    def every(self) -> int:
        """After how many positions it happens again; all of the sweep's at most."""
        every = self.some_every
        return self.sweep.positions if every is None else every.value.data

    @property
    def by(self) -> int:
        """How far the count moves each time."""
        return 1 if self.some_by is None else self.some_by.value.data

    @property
    def sequence_op(self) -> SequenceOp:
        """The operation that defines the sequence."""
        assert isinstance(self.sequence.owner, SequenceOp)
        return self.sequence.owner

    def _verify_core(self, core: int, role: str) -> None:
        """TILE-13: the period divides the positions. TILE-14: the core is its own."""
        if self.every < 1 or self.sweep.positions % self.every or self.by < 1:
            raise VerifyException(
                f"[TILE-13] a count by {self.by} every {self.every} positions does not "
                f"divide the {self.sweep.positions} of the sweep"
            )
        if self.sweep.core is None or self.sweep.core.value.data != core:
            raise VerifyException(
                f"[TILE-14] only core {core} is the {role} of this sequence"
            )


@lean_op_definition
class AwaitOp(_SequenceUser):
    """Wait until the source core has raised the sequence ``by`` more.

    Before the first of every ``every`` positions, at this place among the operations
    of that position. ``tile.await %s every 56 by 2``
    """

    name = "tile.await"
    assembly_format = "$sequence (`every` $every^)? (`by` $by^)? attr-dict"

    def verify_(self) -> None:
        """Verify TILE-13 and TILE-14 for the sink."""
        self._verify_core(self.sequence_op.sink.value.data, "sink")


@lean_op_definition
class SignalOp(_SequenceUser):
    """Raise the sequence by ``by``: all stores so far are visible to the sink core.

    After the last of every ``every`` positions, at this place among the operations
    of that position. ``tile.signal %s every 56``
    """

    name = "tile.signal"
    assembly_format = "$sequence (`every` $every^)? (`by` $by^)? attr-dict"

    def verify_(self) -> None:
        """Verify TILE-13 and TILE-14 for the source."""
        self._verify_core(self.sequence_op.source.value.data, "source")


@lean_op_definition
class ReprogramOp(LeanIRDLOperation):
    """A new phase begins: all arrays are free for other blocks.

    Sweeps before it are complete before any behind it begins. ``tile.reprogram``
    """

    name = "tile.reprogram"
    assembly_format = "attr-dict"
