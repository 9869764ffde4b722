"""Racetrack's traps as diagnostics."""

from __future__ import annotations

from cimc.backends.racetrack.simulator import layout
from cimc.backends.racetrack.simulator.racetrack_state import RacetrackState
from cimc.diagnostics import VerificationError
from cimc.simulation.layout import TRAP_A, TRAP_B, TRAP_PC
from cimc.simulation.traps import common_trap

__all__ = ["trap_error"]


def trap_error(state: RacetrackState, code: int) -> VerificationError:
    """The error for a trap that the engine left in ``state``."""
    where = state.program.where(int(state.trap[TRAP_PC]))
    a, b = int(state.trap[TRAP_A]), int(state.trap[TRAP_B])
    machine = state.machine
    range_ = f"{machine.lowest_offset} to {machine.highest_offset}"

    def error(number: str, message: str, *notes: str) -> VerificationError:
        return VerificationError(number, message, where=where, notes=notes)

    match code:
        case layout.NO_ARRAY:
            return error("E041", f"there is no array m{a}")
        case layout.NO_WEIGHTS:
            return error("E041", f"there is no array w{a}")
        case layout.OTHER_BANK:
            bank = state.maps[a, layout.P_BANK]
            return error("E041", f"writes m{a}, which lies in bank {bank}")
        case layout.WORD_SIZE:
            width = state.maps[a, layout.P_WIDTH]
            return error("E041", f"words of m{a} have {width} bytes")
        case layout.LINE_ADDRESS:
            size = machine.line_buffer_bytes
            return error("E041", f"bytes {a} to {b} leave the line buffer of {size}")
        case layout.REGISTER_ADDRESS:
            return error("E041", f"byte {b} is outside the vector register")
        case layout.UNWRITTEN_WORD:
            what = f"reads domain {b} of m{a}, which nothing has written"
            return error("E042", what, *_place(state, a))
        case layout.UNWRITTEN_LINE:
            return error("E042", f"reads byte {a} of the line buffer, not written")
        case layout.UNSTORED_WEIGHT:
            return error("E042", f"domain {b} of w{a} holds no weights")
        case layout.ACCUMULATOR:
            bits = machine.accumulator_bits
            return error("E044", f"lane {a} leaves the {bits} bits of an accumulator")
        case layout.RACE:
            return VerificationError(
                "E043",
                f"uses m{a} without waiting for its last user",
                where=where,
                notes=(f"used by {state.program.where(b)}", *_place(state, a)),
                hints=(
                    "a CALL after the other access must reach a WAIT before this one",
                ),
            )
        case layout.PAST_END_MAP | layout.PAST_END_WEIGHTS:
            letter = "m" if code == layout.PAST_END_MAP else "w"
            return error(
                "E047",
                f"shifts {letter}{a} to offset {b}, beyond the overhead domains "
                f"({range_})",
                _units(state, code == layout.PAST_END_MAP, a),
            )
        case layout.MISALIGNED | layout.MISALIGNED_WEIGHTS:
            maps = code == layout.MISALIGNED
            offset = (
                state.maps[a, layout.P_OFFSET]
                if maps
                else state.arrays[_bank(state), a, layout.W_OFFSET]
            )
            return error(
                "E048",
                f"no port stands over domain {b} of {'m' if maps else 'w'}{a}, "
                f"which is at offset {offset}",
                _units(state, maps, a),
            )
        case layout.MAP_NOT_AT_HOME | layout.WEIGHTS_NOT_AT_HOME:
            bank = state.program.core_numbers[a]
            maps = code == layout.MAP_NOT_AT_HOME
            what = f"m{b}" if maps else f"w{b} of bank {bank}"
            return VerificationError(
                "E049",
                f"{what} does not stand at offset 0 when the image is done, so that "
                "the program cannot run again",
                notes=_place(state, b) if maps else (),
            )
        case _:
            return common_trap(state, code)


def _bank(state: RacetrackState) -> int:
    """The dense number of the bank that trapped."""
    return int(state.program.core_of[int(state.trap[TRAP_PC])])


def _units(state: RacetrackState, maps: bool, array: int) -> str:
    """Macro units and tracks of an array."""
    machine = state.machine
    if maps:
        units = state.maps[:, layout.P_UNITS]
        first, count = int(units[:array].sum()), int(units[array])
        bank = int(state.maps[array, layout.P_BANK])
        what = f"feature-map macro units {first} to {first + count - 1}"
    else:
        count = machine.weight_macro_units
        bank = state.program.core_numbers[_bank(state)]
        first = array * count
        what = f"weight macro units {first} to {first + count - 1}"
    return f"bank {bank}, {what}, tracks 0 to {machine.word_bits - 1} of each"


def _place(state: RacetrackState, array: int) -> tuple[str, ...]:
    """The feature map that an array holds a row of, if any."""
    return tuple(
        f"m{array} holds a row of feature map {op.tensor!r} of layer {op.layer!r}"
        for op in state.program.feature_maps
        if op.first
        <= array
        < op.first + op.height * -(-op.width // state.machine.domains)
    )
