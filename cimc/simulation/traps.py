"""Traps that every machine has, as diagnostics: who, where, what and why."""

from __future__ import annotations

from collections.abc import Iterator

from cimc.diagnostics import VerificationError
from cimc.simulation import layout
from cimc.simulation.loaded_program import LoadedProgram
from cimc.simulation.state import State

__all__ = ["common_trap", "writer_of_shadow"]


def common_trap(state: State, code: int) -> VerificationError:
    """The error for a trap that no machine has of its own."""
    where = state.loaded.where(int(state.trap[layout.TRAP_PC]))
    a, b = int(state.trap[layout.TRAP_A]), int(state.trap[layout.TRAP_B])
    match code:
        case layout.DEADLOCK:
            return _deadlock(state)
        case layout.UNMATCHED:
            return _unmatched(state)
        case layout.UNINITIALISED_REGISTER:
            return VerificationError(
                "E042",
                f"reads byte {b} of v{a}, which nothing has written",
                where=where,
            )
        case _:
            assert code == layout.OVERFLOW
            return VerificationError(
                "E044", f"lane {a} leaves the range of int32", where=where
            )


def writer_of_shadow(state: State, shadow: int) -> str:
    """Who made the access that a shadow tells of."""
    if shadow == layout.SHADOW_NONE:
        return "not written"
    if shadow == layout.SHADOW_HOST:
        return "written by the host (input or preset)"
    return state.loaded.where((shadow >> layout.EPOCH_BITS) - 2)


def _callers(program: LoadedProgram, edge: int) -> list[int]:
    """Dense cores whose program calls a sequence register."""
    rows = (program.code[:, layout.OP] == layout.CALL) & (
        program.code[:, layout.A0] == edge
    )
    return sorted({int(core) for core in program.core_of[rows]})


def _deadlock(state: State) -> VerificationError:
    program = state.loaded
    names = list(program.edges)
    waits: dict[int, list[int]] = {}
    notes: list[str] = []
    for edge, row in enumerate(state.edges):
        if not row[layout.E_BLOCKED]:
            continue
        owner = int(row[layout.E_OWNER])
        pc = int(state.cores[owner, layout.C_PC])
        waits[owner] = _callers(program, edge)
        need = row[layout.E_EXPECTED] + program.code[pc, layout.A1]
        callers = ", ".join(str(program.core_numbers[core]) for core in waits[owner])
        notes.append(
            f"{program.where(pc)}: s{names[edge][-1]} is {row[layout.E_TOTAL]}, "
            f"must reach {need}, called by {program.kind} {callers or 'none'}"
        )
    cycle = _cycle(waits)
    path = " -> ".join(f"{program.kind} {program.core_numbers[core]}" for core in cycle)
    return VerificationError(
        "E045",
        f"deadlock: {path} wait for each other"
        if cycle
        else f"deadlock: {program.kind}s wait for calls that never come",
        notes=tuple(notes),
    )


def _cycle(waits: dict[int, list[int]]) -> list[int]:
    """A cycle in the graph of who waits for whom, its first core repeated."""
    finished: set[int] = set()
    for start in waits:
        path, branches = [start], [iter(waits[start])]
        while path:
            core = _next_waiting(branches[-1], waits, finished)
            if core is None:
                finished.add(path.pop())
                branches.pop()
            elif core in path:
                return [*path[path.index(core) :], core]
            else:
                path.append(core)
                branches.append(iter(waits[core]))
    return []


def _next_waiting(
    branch: Iterator[int], waits: dict[int, list[int]], finished: set[int]
) -> int | None:
    return next(
        (core for core in branch if core in waits and core not in finished), None
    )


def _unmatched(state: State) -> VerificationError:
    program, edge = state.loaded, int(state.trap[layout.TRAP_A])
    phase, core, register = list(program.edges)[edge]
    owner = program.in_phase(f"{program.kind} {core}", phase)
    row = state.edges[edge]
    pc, credits = int(row[layout.E_LAST_CALL]), int(row[layout.E_CREDITS])
    return VerificationError(
        "E046",
        f"s{register} of {owner} ends at {row[layout.E_TOTAL]}, "
        f"its waits expected {row[layout.E_EXPECTED]}"
        + (f" and its credits are {credits}" if credits else ""),
        notes=(f"last call by {program.where(pc)}" if pc >= 0 else "never called",),
        hints=("every CALL needs a WAIT for as much",),
    )
