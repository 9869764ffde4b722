"""The machine itself: banks that run one instruction after another, compiled.

A bank runs ahead of the others as long as it does not need the link. Before it takes
that it gives way to every bank with an earlier request (equal times: the lower bank),
so that requests are granted in order of time. What banks share is ordered by CALL and
WAIT, or it traps, so running ahead changes nothing else.
"""

from __future__ import annotations

import numpy as np

from cimc.backends.racetrack.simulator import layout as own
from cimc.backends.racetrack.simulator.line_buffer import fill, load, slide
from cimc.backends.racetrack.simulator.mac import multiply_accumulate, take_sums
from cimc.backends.racetrack.simulator.position_errors import (
    ERRORS,
    Errors,
    align,
    moved,
)
from cimc.backends.racetrack.simulator.tracks import (
    read_word,
    shift_map,
    shift_weights,
    write_word,
)
from cimc.simulation import layout as shared
from cimc.simulation.clocks import CLOCKS, Clocks, crowded
from cimc.simulation.control import (
    control,
    finish,
    mark_written,
    operand_missing,
    record,
    touch_layer,
)
from cimc.simulation.events import call, pop, turn, wait
from cimc.simulation.jit import compiled
from cimc.simulation.vector import execute_vector
from cimc.weights import Array

__all__ = ["advance"]


@compiled(
    "int64(int64, int64[::1], int64[::1], int64[:, ::1], float32[:, ::1], int32[::1], "
    "int64[::1], int8[::1], uint8[::1], int32[::1], float32[::1], uint8[::1], "
    "int64[::1], int64[::1], int64[:, ::1], int64[:, ::1], int64[:, ::1], "
    f"int64[:, ::1], {CLOCKS}, int64[:, ::1], uint8[:, :, ::1], "
    "uint8[:, :, ::1], int8[:, :, ::1], int32[:, :, ::1], float32[:, :, ::1], "
    "int64[:, ::1], int64[::1], int64[::1], uint8[::1], int64[:, :, ::1], "
    f"{ERRORS}, int64[:, ::1], uint8[:, ::1], uint8[:, ::1], int64[:, ::1], "
    "int64[::1], int64[::1], int64[:, ::1], int64[:, ::1], int64[::1])"
)
def advance(
    budget: int,
    machine: Array,
    heap: Array,
    code: Array,
    reals: Array,
    core_of: Array,
    banks: Array,
    weights: Array,
    masks: Array,
    biases: Array,
    multipliers: Array,
    tables: Array,
    scalars: Array,
    trap: Array,
    cores: Array,
    addresses: Array,
    loops: Array,
    edges: Array,
    clocks: Clocks,
    queue: Array,
    valid: Array,
    bytes_: Array,
    signed_bytes: Array,
    integers: Array,
    floats: Array,
    maps: Array,
    users: Array,
    writers: Array,
    words: Array,
    arrays: Array,
    errors: Errors,
    accumulators: Array,
    line: Array,
    line_written: Array,
    stalls: Array,
    map_steps: Array,
    counts: Array,
    layers: Array,
    trace: Array,
    busy: Array,
) -> int:
    """Run up to ``budget`` instructions; why it stopped (see layout.py).

    All state is in the arguments, so that a call continues where the last one ended.
    """
    while scalars[shared.G_HEAP] > 0:
        core = pop(heap, scalars) & ((1 << shared.CORE_BITS) - 1)
        base = addresses[core]
        # Weight arrays of a bank come after all map arrays where errors are counted.
        own_arrays = maps.shape[0] + core * arrays.shape[1]
        while True:
            pc = cores[core, shared.C_PC]
            row = code[pc]
            op, unit = row[shared.OP], row[shared.UNIT]
            a = row[shared.A0 :]
            trap[shared.TRAP_CORE], trap[shared.TRAP_PC] = core, pc
            now = cores[core, shared.C_TIME]
            full = crowded(scalars, clocks, core)
            why_not = turn(heap, scalars, budget, now, core, unit == own.LINK, full)
            if why_not == shared.YIELDS:
                break
            if why_not != shared.GOES_ON:
                return why_not
            if operand_missing(valid[core], row, trap):
                return shared.UNINITIALISED_REGISTER

            source, target = row[shared.READ0], row[shared.WRITE]
            began, done = now, now + row[shared.CYCLES]
            following = pc + 1
            why = np.int64(0)
            if op == shared.WAIT:
                granted = wait(scalars, edges, queue, clocks, core, row, now)
                if granted < 0:
                    break
                stalls[core, 0] += granted - now
                done = granted + row[shared.CYCLES]
            elif unit == own.LINK:
                began = max(now, scalars[shared.G_BUS_FREE])
                stalls[core, 1] += began - now
                done = began + row[shared.CYCLES]
                scalars[shared.G_BUS_FREE] = done
                scalars[shared.G_BUS_BUSY] += row[shared.CYCLES]
                if op == shared.CALL:
                    visible = done + machine[own.M_CALL]
                    visible = max(visible, cores[core, shared.C_STORED])
                    call(heap, scalars, edges, queue, clocks, core, row, visible, pc)
                else:
                    done += machine[own.M_TRANSFER] + machine[own.M_WRITE]
                    cores[core, shared.C_STORED] = done
            if op == own.SHIFT:
                array = a[0] + base[a[1]]
                why = shift_weights(arrays, core, array, a[2], machine, trap)
                if why == 0:
                    done += moved(own_arrays + array, a[2], errors)
            elif op == own.SHIFT_MAP:
                array = a[0] + base[a[1]]
                why = shift_map(
                    maps,
                    users,
                    array,
                    a[2],
                    pc,
                    core_of,
                    core,
                    clocks,
                    machine,
                    trap,
                )
                if why == 0:
                    map_steps[pc] += abs(a[2]) * maps[array, own.P_UNITS]
                    done += moved(array, a[2], errors)
            elif op == own.MAC:
                array = a[0] + base[a[1]]
                why = multiply_accumulate(
                    arrays,
                    weights,
                    masks,
                    accumulators,
                    bytes_,
                    valid,
                    core,
                    array,
                    a[2] + base[a[3]],
                    a[4],
                    a[5],
                    a[7] + base[a[6]],
                    a[8],
                    (a[9] & 1) != 0,
                    (a[9] & 2) != 0,
                    machine,
                    own_arrays + array,
                    errors,
                    trap,
                )
            elif op == own.READ:
                start = a[1] + base[a[0]]
                trap[shared.TRAP_A], trap[shared.TRAP_B] = start, start + a[7]
                if start < 0 or start + a[7] > line.shape[1]:
                    return own.LINE_ADDRESS
                why = read_word(
                    maps,
                    users,
                    writers,
                    words,
                    a[2] + base[a[3]],
                    a[4] + base[a[5]],
                    a[6],
                    pc,
                    core_of,
                    core,
                    clocks,
                    machine,
                    errors,
                    line[core, start : start + a[7]],
                    trap,
                )
                line_written[core, start : start + a[7]] = 1
            elif op in (own.WRITE_WORD, own.TRANSFER):
                why = write_word(
                    maps,
                    users,
                    writers,
                    words,
                    a[0] + base[a[1]],
                    a[2] + base[a[3]],
                    banks[core] if op == own.WRITE_WORD else -1,
                    pc,
                    core_of,
                    core,
                    clocks,
                    machine,
                    errors,
                    bytes_[
                        core,
                        source,
                        row[shared.READ0_START] : row[shared.READ0_STOP],
                    ],
                    trap,
                )
            elif op == own.LOAD:
                why = load(
                    line[core],
                    line_written[core],
                    a[1] + base[a[0]],
                    a[2],
                    a[3],
                    a[4],
                    bytes_[core, target, row[shared.WRITE_START] :],
                    trap,
                )
            elif op == own.FILL:
                start = a[1] + base[a[0]]
                why = fill(line[core], line_written[core], start, a[2], a[3], trap)
            elif op == own.SLIDE:
                why = slide(line[core], line_written[core], a[0], a[1], a[2], trap)
            elif op == own.PROGRAM:
                block = arrays[core, a[0]]
                if block[own.W_OFFSET] != 0:
                    trap[shared.TRAP_A], trap[shared.TRAP_B] = a[0], 0
                    return own.MISALIGNED_WEIGHTS
                block[own.W_BLOCK], block[own.W_COLUMNS], block[own.W_MASK] = (
                    a[1],
                    a[2],
                    a[3],
                )
                block[own.W_OFFSET] = a[4]
                align(own_arrays + a[0], errors)
                for domain in range(machine[own.M_DOMAINS]):
                    errors[0][own_arrays + a[0], own.T_WRITES] += masks[a[3] + domain]
                errors[0][own_arrays + a[0], own.T_STEPS] += a[4]
            elif op == own.CLEAR:
                accumulators[core, : a[0]] = 0
            elif op in (own.LOAD_SUMS, own.ADD_SUMS):
                sums = integers[core, source]
                add = op == own.ADD_SUMS
                why = take_sums(accumulators[core], sums, a[0], add, machine, trap)
            elif op == own.STORE_SUMS:
                for lane in range(a[0]):
                    integers[core, target, lane] = accumulators[core, lane]
            elif unit == shared.VECTOR and op != own.NOTHING:
                lane = execute_vector(
                    core,
                    pc,
                    code,
                    reals,
                    bytes_,
                    signed_bytes,
                    integers,
                    floats,
                    biases,
                    multipliers,
                    tables,
                )
                if lane >= 0:
                    trap[shared.TRAP_A] = lane
                    return shared.OVERFLOW
            elif op != own.NOTHING:
                following = control(pc, row, cores[core], loops[core], base)
            if why != 0:
                return int(why)

            budget -= 1
            counts[pc] += 1
            busy[unit] += done - began if op != shared.WAIT else row[shared.CYCLES]
            mark_written(valid[core], row)
            cores[core, shared.C_TIME] = done
            cores[core, shared.C_PC] = following
            cores[core, shared.C_DONE] = done
            first = began if unit != shared.ISSUE else -1
            touch_layer(layers, row[shared.LAYER], first, done)
            if unit != shared.ISSUE or op == shared.WAIT:
                record(trace, scalars, core, unit, pc, began, done)
            if op == shared.HALT:
                cores[core, shared.C_HALTED] = 1
                break
    return finish(cores, edges, trap)
