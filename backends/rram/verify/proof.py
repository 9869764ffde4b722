"""The proof, step by step: callers, balance, deadlock, and the order of accesses."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from cimc.backends.rram.dialect import batch_of, phases_of
from cimc.backends.rram.verify.accesses import check_accesses
from cimc.backends.rram.verify.layout import (
    CALL,
    E_BY,
    E_REGISTER,
    E_ROW,
)
from cimc.backends.rram.verify.order import match, run
from cimc.backends.rram.verify.problem import Problem
from cimc.backends.rram.verify.schedule import Schedule
from cimc.backends.rram.verify.skeleton import Register, Skeleton
from cimc.backends.rram.verify.unfold import STEPS, Unfolded, unfold
from cimc.weights import Array

__all__ = ["prove"]


def prove(module: ModuleOp) -> Problem | None:
    """Prove all that the manual says of a module, or say why that fails."""
    images = batch_of(module)
    # Most of a proof is machine code, which runs beside that of other phases.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        try:
            skeletons = (Skeleton.of(cores, images) for cores in phases_of(module))
            for _ in pool.map(partial(_prove_phase, module), skeletons):
                pass
        except Problem as problem:
            return problem
    return None


def _prove_phase(module: ModuleOp, skeleton: Skeleton) -> None:
    """Prove all for the cores of a phase; what others leave is there before."""
    _check_callers(skeleton)
    unfolded = unfold(skeleton, min(skeleton.images, 1 + skeleton.reach))
    if unfolded is None:
        raise Problem.beyond(f"more than {STEPS} instructions are executed")
    _check_balance(skeleton, unfolded)
    check_accesses(module, skeleton, unfolded, _schedule(skeleton, unfolded))


def _name(register: Register) -> str:
    return f"s{register.number} of core {register.core}"


def _check_callers(skeleton: Skeleton) -> None:
    """Only one core may call a register; which calls a WAIT acquires is fixed then."""
    registers = list(skeleton.registers)
    callers: dict[int, int] = {}
    for row, (op, register, *_) in enumerate(skeleton.rows):
        if op == CALL:
            first = callers.setdefault(register, row)
            if skeleton.core_of(first) != skeleton.core_of(row):
                raise Problem(
                    "several callers",
                    f"cannot prove: {_name(registers[register])} has several callers",
                    skeleton.where(row),
                    (f"called by {skeleton.where(first)}",),
                )


def _check_balance(skeleton: Skeleton, unfolded: Unfolded) -> None:
    """Over an image, each register rises by as much as its owner waits for."""
    events, registers = unfolded.events, list(skeleton.registers)
    left = np.zeros(len(registers), np.int64)
    np.add.at(left, events[:, E_REGISTER], events[:, E_BY])
    for register in np.flatnonzero(left):
        of_it = events[:, E_REGISTER] == register
        calls, waits = of_it & (events[:, E_BY] > 0), of_it & (events[:, E_BY] < 0)
        raised, awaited = (
            abs(int(events[some, E_BY].sum())) // unfolded.images
            for some in (calls, waits)
        )
        rows = list(dict.fromkeys(int(row) for row in events[of_it, E_ROW]))
        raise Problem(
            "unbalanced",
            f"calls raise {_name(registers[register])} by {raised}, "
            f"its waits expect {awaited}",
            skeleton.where(rows[0]),
            tuple(f"and {skeleton.where(row)}" for row in rows[1:]),
        )


def _schedule(skeleton: Skeleton, unfolded: Unfolded) -> Schedule:
    """An order in which all CALLs and WAITs happen; a problem if there is none."""
    events, starts = unfolded.events, unfolded.event_starts
    credits = np.zeros(len(skeleton.registers), np.int64)
    for register, count in skeleton.credits.items():
        credits[register] = count
    calls_first = 2 * events[:, E_REGISTER] + (events[:, E_BY] < 0)
    need = match(events, np.argsort(calls_first, kind="stable"), credits)
    core_of = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    order = np.empty(len(events), np.int64)
    reached = np.empty(len(starts) - 1, np.int64)
    if run(starts, core_of, need, order, reached) < len(events):
        raise _deadlock(skeleton, unfolded, core_of, need, reached)
    return Schedule(starts, core_of, need, order)


def _deadlock(
    skeleton: Skeleton,
    unfolded: Unfolded,
    core_of: Array,
    need: Array,
    reached: Array,
) -> Problem:
    """The cycle of waiting cores that some core which does not end runs into."""
    core = int(np.flatnonzero(reached < unfolded.event_starts[1:])[0])
    path: list[int] = []
    while core not in path:
        path.append(core)
        core = int(core_of[need[reached[core]]])
    cycle = path[path.index(core) :]
    registers, notes = list(skeleton.registers), list[str]()
    for waiting in cycle:
        event = reached[waiting]
        register = int(unfolded.events[event, E_REGISTER])
        row = int(unfolded.events[event, E_ROW])
        call = int(unfolded.events[need[event], E_ROW])
        turn = _executions(unfolded, int(event))
        notes.append(
            f"{skeleton.where(row)}, execution {turn}: waits for "
            f"{_name(registers[register])}, which needs execution "
            f"{_executions(unfolded, int(need[event]))} of {skeleton.where(call)}"
        )
    names = [f"core {skeleton.cores[core].number}" for core in [*cycle, cycle[0]]]
    return Problem(
        "deadlock",
        f"deadlock: {' -> '.join(names)} wait for each other",
        skeleton.where(int(unfolded.events[reached[cycle[0]], E_ROW])),
        tuple(notes),
    )


def _executions(unfolded: Unfolded, event: int) -> int:
    """How often the instruction of an event has been executed up to it."""
    rows = unfolded.events[:, E_ROW]
    return int(np.count_nonzero(rows[: event + 1] == rows[event]))
