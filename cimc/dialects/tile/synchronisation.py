"""Signals between cores: who may read what, and when."""

from __future__ import annotations

from typing import Literal, get_args

from xdsl.dialects.builtin import StringAttr
from xdsl.ir import SSAValue
from xdsl.irdl import irdl_op_definition, operand_def, prop_def
from xdsl.utils.exceptions import VerifyException

from cimc.dialects.tile.body import BodyOp
from cimc.dialects.tile.memory import SequenceOp
from cimc.dialects.tile.types import SequenceType

Granularity = Literal["sweep", "row", "vector"]
"""How often a signal is given or awaited: once per sweep, per row or per vector."""


class _SequenceUser(BodyOp):
    """An operation that raises or awaits a sequence."""

    sequence = operand_def(SequenceType)
    granularity = prop_def(StringAttr)

    def __init__(self, sequence: SSAValue, granularity: Granularity) -> None:
        super().__init__(
            operands=[sequence], properties={"granularity": StringAttr(granularity)}
        )

    @property
    def per(self) -> Granularity:
        """The granularity as a literal."""
        for granularity in get_args(Granularity):
            if granularity == self.granularity.data:
                return granularity
        raise VerifyException(
            "[TILE-13] the granularity must be one of "
            + ", ".join(get_args(Granularity))
        )

    @property
    def sequence_op(self) -> SequenceOp:
        """The operation that defines the sequence."""
        assert isinstance(self.sequence.owner, SequenceOp)
        return self.sequence.owner

    def _verify_core(self, core: int, role: str) -> None:
        """TILE-13: known granularity. TILE-14: the core is the sequence's own."""
        _ = self.per
        if self.sweep.core is None or self.sweep.core.value.data != core:
            raise VerifyException(
                f"[TILE-14] only core {core} is the {role} of this sequence"
            )


@irdl_op_definition
class AwaitOp(_SequenceUser):
    """Wait until the source core has signalled once more.

    Per ``sweep``: before the first position; per ``row``: before each row; per
    ``vector``: here. ``tile.await %s per "vector"``
    """

    name = "tile.await"
    assembly_format = "$sequence `per` $granularity attr-dict"

    def verify_(self) -> None:
        """Verify TILE-13 and TILE-14 for the sink."""
        self._verify_core(self.sequence_op.sink.value.data, "sink")


@irdl_op_definition
class SignalOp(_SequenceUser):
    """Tell the sink core that all stores so far are visible.

    Per ``sweep``: after the last position; per ``row``: after each row; per
    ``vector``: here. ``tile.signal %s per "vector"``
    """

    name = "tile.signal"
    assembly_format = "$sequence `per` $granularity attr-dict"

    def verify_(self) -> None:
        """Verify TILE-13 and TILE-14 for the source."""
        self._verify_core(self.sequence_op.source.value.data, "source")
