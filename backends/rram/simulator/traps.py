"""RRAM's traps as diagnostics."""

from __future__ import annotations

from cimc.backends.rram.simulator import layout
from cimc.backends.rram.simulator.rram_program import RramProgram
from cimc.backends.rram.simulator.rram_state import RramState
from cimc.diagnostics import VerificationError
from cimc.simulation.layout import TRAP_A, TRAP_B, TRAP_PC
from cimc.simulation.traps import common_trap

__all__ = ["trap_error"]


def trap_error(state: RramState, code: int) -> VerificationError:
    """The error for a trap that the engine left in ``state``."""
    program, trap = state.program, state.trap
    where = program.where(int(trap[TRAP_PC]))
    a, b = int(trap[TRAP_A]), int(trap[TRAP_B])
    match code:
        case layout.ADDRESS:
            return VerificationError(
                "E041",
                f"bytes {a} to {b} are outside the {program.memory_bytes} of memory",
                where=where,
            )
        case layout.STRADDLE:
            return VerificationError(
                "E041",
                f"bytes {a} to {b} cross the end of their ring",
                where=where,
                notes=_place(program, a),
            )
        case layout.UNINITIALISED_BYTE:
            return VerificationError(
                "E042",
                f"reads byte {a} of shared memory, which nothing has written",
                where=where,
                notes=_place(program, a),
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
            return common_trap(state, code)


def _place(program: RramProgram, address: int) -> tuple[str, ...]:
    """The feature map that a byte lies in, if any."""
    return tuple(
        f"byte {address} lies in feature map {op.tensor!r} of layer {op.layer!r}"
        for op in program.feature_maps.values()
        if address in op.memory
    )
