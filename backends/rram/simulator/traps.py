"""Traps of the engine as diagnostics: who, where, what and why."""

from __future__ import annotations

from collections.abc import Iterator

from cimc.backends.rram.simulator import layout
from cimc.backends.rram.simulator.loaded_program import LoadedProgram
from cimc.backends.rram.simulator.state import State
from cimc.diagnostics import VerificationError

__all__ = ["trap_error", "writer_text"]


def trap_error(state: State, code: int) -> VerificationError:
    """The error for a trap that the engine left in ``state``."""
    if code == layout.DEADLOCK:
        return _deadlock(state)
    if code == layout.UNMATCHED:
        return _unmatched(state)
    program, trap = state.program, state.trap
    where = program.where(int(trap[layout.TRAP_PC]))
    a, b = int(trap[layout.TRAP_A]), int(trap[layout.TRAP_B])
    match code:
        case layout.ADDRESS:
            return VerificationError(
                "E041",
                f"bytes {a} to {b} are outside the {program.memory_bytes} of memory",
                where=where,
            )
        case layout.UNINITIALISED_BYTE:
            return VerificationError(
                "E042",
                f"reads byte {a} of shared memory, which nothing has written",
                where=where,
                notes=_place(program, a),
            )
        case layout.UNINITIALISED_REGISTER:
            return VerificationError(
                "E042",
                f"reads byte {b} of v{a}, which nothing has written",
                where=where,
            )
        case layout.READ_RACE | layout.WRITE_RACE | layout.REUSE_RACE:
            verb = "reads" if code == layout.READ_RACE else "overwrites"
            done = "read" if code == layout.REUSE_RACE else "written"
            other = "reader" if code == layout.REUSE_RACE else "writer"
            return VerificationError(
                "E043",
                f"{verb} byte {a} of shared memory without waiting for its {other}",
                where=where,
                notes=(f"{done} by {program.where(b)}", *_place(program, a)),
                hints=(
                    "a CALL after the other access must reach a WAIT before this one",
                ),
            )
        case _:
            return VerificationError(
                "E044", f"lane {a} leaves the range of int32", where=where
            )


def writer_text(state: State, address: int) -> str:
    """Who wrote a byte of shared memory."""
    shadow = int(state.writers[address])
    if shadow == layout.SHADOW_NONE:
        return "not written"
    if shadow == layout.SHADOW_HOST:
        return "written by the host (input or rram.fill)"
    return state.program.where((shadow >> layout.EPOCH_BITS) - 2)


def _place(program: LoadedProgram, address: int) -> tuple[str, ...]:
    """The feature map that a byte lies in, if any."""
    return tuple(
        f"byte {address} lies in feature map {op.tensor!r} of layer {op.layer!r}"
        for op in program.feature_maps.values()
        if op.address <= address < op.stop
    )


def _callers(program: LoadedProgram, edge: int) -> list[int]:
    """Dense cores whose program calls a sequence register."""
    rows = (program.code[:, layout.OP] == layout.CALL) & (
        program.code[:, layout.A0] == edge
    )
    return sorted({int(core) for core in program.core_of[rows]})


def _deadlock(state: State) -> VerificationError:
    program = state.program
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
            f"{program.where(pc)}: s{names[edge][1]} is {row[layout.E_TOTAL]}, "
            f"must reach {need}, called by core {callers or 'none'}"
        )
    cycle = _cycle(waits)
    path = " -> ".join(f"core {program.core_numbers[core]}" for core in cycle)
    return VerificationError(
        "E045",
        f"deadlock: {path} wait for each other"
        if cycle
        else "deadlock: cores wait for calls that never come",
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
    program, edge = state.program, int(state.trap[layout.TRAP_A])
    core, register = list(program.edges)[edge]
    row = state.edges[edge]
    pc = int(row[layout.E_LAST_CALL])
    return VerificationError(
        "E046",
        f"s{register} of core {core} ends at {row[layout.E_TOTAL]}, "
        f"its waits expected {row[layout.E_EXPECTED]}",
        notes=(f"last call by {program.where(pc)}" if pc >= 0 else "never called",),
        hints=("every CALL needs a WAIT for as much",),
    )
