"""Counting between units: one raises a sequence register of another, which waits."""

from __future__ import annotations

from cimc.isa.declared import Instruction
from cimc.isa.fields import Integer, Register

__all__ = ["SYNC_BYTES", "Call", "Credit", "Wait"]

#: Bytes that a CALL moves between units.
SYNC_BYTES = 4


class Call(Instruction):
    """sequence[s] of ``core`` += by, visible once all earlier STOREs are complete."""

    opcode = 0x12
    unit = "lsu"
    syntax = "core {core}, {s} += {by}"
    core = Integer(16)
    s = Register("s", 16)
    by = Integer(32, minimum=1)


class Wait(Instruction):
    """expected[s] += by, then block until sequence[s] >= expected[s]."""

    opcode = 0x13
    unit = "issue"
    syntax = "{s} += {by}"
    s = Register("s", 16)
    by = Integer(32, minimum=1)


class Credit(Instruction):
    """sequence[s] starts every batch at ``count``, for buffers that are empty then.

    A WAIT may use credits up without a CALL; they order nothing.
    """

    opcode = 0x43
    unit = "issue"
    setup = True
    main = False
    syntax = "{s}, {count}"
    s = Register("s", 16)
    count = Integer(32, minimum=1)
