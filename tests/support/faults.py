"""Faults put into the synchronisation of RRAM programs, one at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation

from cimc.backends.rram import isa
from cimc.backends.rram.dialect import CoreOp, cores_of

__all__ = ["KINDS", "Fault", "Kind", "faults"]

Kind = Literal["drop", "up", "down", "by - 1", "credit + 1", "early", "late"]
KINDS: tuple[Kind, ...] = get_args(Kind)

#: What it makes a difference to be moved across; other instructions are skipped.
_MARKS = (
    isa.LoadOp,
    isa.StoreOp,
    isa.MvmOp,
    isa.CallOp,
    isa.WaitOp,
    isa.LoopOp,
)

Undo = Callable[[], None]


@dataclass(frozen=True)
class Fault:
    """A change of one CALL or WAIT; ``inject`` makes it and returns how to undo it."""

    kind: Kind
    what: str
    inject: Callable[[], Undo]


def faults(module: ModuleOp) -> Iterator[Fault]:
    """All faults of a module, which must not be changed otherwise meanwhile.

    A CALL or WAIT is dropped, moved to the other side of the LOAD, STORE, MVM, CALL,
    WAIT or loop before or after it, or counts one less; a register gets a credit
    more; and, so that all still balances, a core makes calls at its start already, or
    waits only at its end.
    """
    for core in cores_of(module):
        waited: set[int] = set()
        for op in list(core.walk()):
            if not isinstance(op, isa.CallOp | isa.WaitOp):
                continue
            what = f"core {core.text()}: {op.name} {op.text()}"
            yield Fault("drop", what, lambda op=op: _drop(op))
            if above := _mark(op, "prev_op"):
                yield Fault("up", what, lambda op=op, at=above: _move(op, at, True))
            if below := _mark(op, "next_op"):
                yield Fault("down", what, lambda op=op, at=below: _move(op, at, False))
            if op.by > 1:
                yield Fault("by - 1", what, lambda op=op: _set(op, op.by - 1))
            if isinstance(op, isa.CallOp):
                yield Fault("early", what, lambda op=op, c=core: _gather(op, c))
            else:
                yield Fault("late", what, lambda op=op, c=core: _gather(op, c))
                if op.s not in waited:
                    waited.add(op.s)
                    yield Fault(
                        "credit + 1", what, lambda s=op.s, c=core: _credit(c, s)
                    )


def _mark(op: Operation, direction: str) -> Operation | None:
    at = getattr(op, direction)
    while at is not None and not isinstance(at, _MARKS):
        at = getattr(at, direction)
    return at


def _remove(op: Operation) -> Undo:
    """Take an operation out; putting it back needs its neighbours in place."""
    block, after = op.parent_block(), op.next_op
    assert block is not None
    op.detach()
    return lambda: _insert(block, op, after)


def _insert(block: Block, op: Operation, before: Operation | None) -> None:
    if before is None:
        block.add_op(op)
    else:
        block.insert_op_before(op, before)


def _drop(op: Operation) -> Undo:
    parent = op.parent_op()
    if isinstance(parent, isa.LoopOp) and len(parent.body()) == 1:
        return _drop(parent)  # an empty loop would be refused
    return _remove(op)


def _move(op: Operation, at: Operation, above: bool) -> Undo:
    back = _remove(op)
    block = at.parent_block()
    assert block is not None
    _insert(block, op, at if above else at.next_op)

    def undo() -> None:
        op.detach()
        back()

    return undo


def _set(op: isa.CallOp | isa.WaitOp | isa.CreditOp, count: int) -> Undo:
    name = "count" if isinstance(op, isa.CreditOp) else "by"
    old = op.properties[name]
    op.properties[name] = type(op)(**{**op.values, name: count}).properties[name]
    return lambda: op.properties.__setitem__(name, old)


def _credit(core: CoreOp, register: int) -> Undo:
    for op in core.regions[0].walk():
        if isinstance(op, isa.CreditOp) and op.s == register:
            return _set(op, op.count + 1)
    added = isa.CreditOp(s=register, count=1)
    core.regions[0].block.add_op(added)
    return added.detach


def _gather(op: isa.CallOp | isa.WaitOp, core: CoreOp) -> Undo:
    """All executions of a CALL at once at the core's start, of a WAIT at its end."""
    times, parent = 1, op.parent_op()
    while parent is not core:
        assert parent is not None
        times *= parent.count if isinstance(parent, isa.LoopOp) else 1
        parent = parent.parent_op()
    back = _drop(op)
    block = core.regions[1].block
    added = type(op)(**{**op.values, "by": op.by * times})
    _insert(block, added, block.first_op if isinstance(op, isa.CallOp) else None)

    def undo() -> None:
        added.detach()
        back()

    return undo
