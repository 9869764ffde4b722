"""The machine itself: banks that run one instruction after another, compiled.

A bank runs ahead of the others as long as it does not need the link. Before it takes
that it gives way to every bank with an earlier request (equal times: the lower bank),
so that requests are granted in order of time. What banks share is ordered by CALL and
WAIT, or it traps, so running ahead changes nothing else.
"""

from __future__ import annotations

import numpy as np

from cimc.backends.racetrack.simulator.layout import (
    ADD_SUMS,
    CLEAR,
    FILL,
    LINE_ADDRESS,
    LINK,
    LOAD,
    LOAD_SUMS,
    M_CALL,
    M_TRANSFER,
    M_WRITE,
    MAC,
    MISALIGNED_WEIGHTS,
    NOTHING,
    P_UNITS,
    PROGRAM,
    READ,
    SHIFT,
    SHIFT_MAP,
    SLIDE,
    STORE_SUMS,
    TRANSFER,
    W_BLOCK,
    W_COLUMNS,
    W_MASK,
    W_OFFSET,
    WRITE_WORD,
)
from cimc.backends.racetrack.simulator.line_buffer import fill, load, slide
from cimc.backends.racetrack.simulator.mac import multiply_accumulate, take_sums
from cimc.backends.racetrack.simulator.tracks import (
    read_word,
    shift_map,
    shift_weights,
    write_word,
)
from cimc.simulation.control import control, finish, operand_missing, record
from cimc.simulation.events import announce, pop, push, wait
from cimc.simulation.jit import compiled
from cimc.simulation.layout import (
    A0,
    C_DONE,
    C_HALTED,
    C_PC,
    C_STORED,
    C_TIME,
    CALL,
    CORE_BITS,
    CYCLES,
    E_OWNER,
    G_BUS_BUSY,
    G_BUS_FREE,
    G_FREE,
    G_HEAP,
    GROW,
    HALT,
    ISSUE,
    LAYER,
    OP,
    OVERFLOW,
    PAUSED,
    READ0,
    READ0_START,
    READ0_STOP,
    TRAP_A,
    TRAP_B,
    TRAP_CORE,
    TRAP_PC,
    UNINITIALISED_REGISTER,
    UNIT,
    VECTOR,
    WAIT,
    WRITE,
    WRITE_START,
    WRITE_STOP,
)
from cimc.simulation.vector import execute_vector
from cimc.weights import Array

__all__ = ["advance"]


@compiled(
    "int64(int64, int64[::1], int64[::1], int64[:, ::1], float32[:, ::1], int32[::1], "
    "int64[::1], int8[::1], uint8[::1], int32[::1], float32[::1], uint8[::1], "
    "int64[::1], int64[::1], int64[:, ::1], int64[:, ::1], int64[:, ::1], "
    "int64[:, ::1], int32[:, ::1], int64[:, ::1], int32[:, ::1], uint8[:, :, ::1], "
    "uint8[:, :, ::1], int8[:, :, ::1], int32[:, :, ::1], float32[:, :, ::1], "
    "int64[:, ::1], int64[::1], int64[::1], uint8[::1], int64[:, :, ::1], "
    "int64[:, ::1], uint8[:, ::1], uint8[:, ::1], int64[:, ::1], int64[::1], "
    "int64[::1], int64[:, ::1], int64[:, ::1], int64[::1])"
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
    clocks: Array,
    queue: Array,
    queue_clocks: Array,
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
    accumulators: Array,
    line: Array,
    line_written: Array,
    stalls: Array,
    moved: Array,
    counts: Array,
    layers: Array,
    trace: Array,
    busy: Array,
) -> int:
    """Run up to ``budget`` instructions; why it stopped (see layout.py).

    All state is in the arguments, so that a call continues where the last one ended.
    """
    while scalars[G_HEAP] > 0:
        core = pop(heap, scalars) & ((1 << CORE_BITS) - 1)
        clock, base = clocks[core], addresses[core]
        while True:
            pc = cores[core, C_PC]
            op, unit = code[pc, OP], code[pc, UNIT]
            a = code[pc, A0:]
            trap[TRAP_CORE], trap[TRAP_PC] = core, pc
            now = cores[core, C_TIME]
            key = now << CORE_BITS | core
            yields = unit == LINK and scalars[G_HEAP] > 0 and heap[0] < key
            if budget <= 0 or yields:
                push(heap, scalars, key)
                if budget <= 0:
                    return PAUSED
                break
            if op == CALL and scalars[G_FREE] < 0:
                push(heap, scalars, key)
                return GROW
            if operand_missing(valid, core, pc, code, trap):
                return UNINITIALISED_REGISTER

            began, done = now, now + code[pc, CYCLES]
            following = pc + 1
            why = np.int64(0)
            if op == WAIT:
                granted = wait(
                    scalars, edges, queue, queue_clocks, a[0], a[1], now, clock
                )
                if granted < 0:
                    break
                stalls[core, 0] += granted - now
                done = granted + code[pc, CYCLES]
            elif unit == LINK:
                began = max(now, scalars[G_BUS_FREE])
                stalls[core, 1] += began - now
                done = began + code[pc, CYCLES]
                scalars[G_BUS_FREE] = done
                scalars[G_BUS_BUSY] += code[pc, CYCLES]
                if op == CALL:
                    visible = max(done + machine[M_CALL], cores[core, C_STORED])
                    woken = announce(
                        scalars,
                        edges,
                        queue,
                        queue_clocks,
                        a[0],
                        a[1],
                        visible,
                        pc,
                        clock,
                    )
                    clock[core] += 1
                    if woken >= 0:
                        push(heap, scalars, woken << CORE_BITS | edges[a[0], E_OWNER])
                else:
                    done += machine[M_TRANSFER] + machine[M_WRITE]
                    cores[core, C_STORED] = done
            if op == SHIFT:
                why = shift_weights(
                    arrays, core, a[0] + base[a[1]], a[2], machine, trap
                )
            elif op == SHIFT_MAP:
                array = a[0] + base[a[1]]
                why = shift_map(
                    maps,
                    users,
                    array,
                    a[2],
                    pc,
                    core_of,
                    core,
                    clock,
                    machine,
                    trap,
                )
                if why == 0:
                    moved[pc] += abs(a[2]) * maps[array, P_UNITS]
            elif op == MAC:
                why = multiply_accumulate(
                    arrays,
                    weights,
                    masks,
                    accumulators,
                    bytes_,
                    valid,
                    core,
                    a[0] + base[a[1]],
                    a[2] + base[a[3]],
                    a[4],
                    a[5],
                    a[7] + base[a[6]],
                    a[8],
                    (a[9] & 1) != 0,
                    (a[9] & 2) != 0,
                    machine,
                    trap,
                )
            elif op == READ:
                start = a[1] + base[a[0]]
                trap[TRAP_A], trap[TRAP_B] = start, start + a[7]
                if start < 0 or start + a[7] > line.shape[1]:
                    return LINE_ADDRESS
                why = read_word(
                    maps,
                    users,
                    writers,
                    words,
                    a[2] + base[a[3]],
                    a[4] + base[a[5]],
                    a[6],
                    a[7],
                    pc,
                    core_of,
                    core,
                    clock,
                    machine,
                    line[core, start : start + a[7]],
                    trap,
                )
                line_written[core, start : start + a[7]] = 1
            elif op in (WRITE_WORD, TRANSFER):
                why = write_word(
                    maps,
                    users,
                    writers,
                    words,
                    a[0] + base[a[1]],
                    a[2] + base[a[3]],
                    banks[core] if op == WRITE_WORD else -1,
                    pc,
                    core_of,
                    core,
                    clock,
                    machine,
                    bytes_[
                        core,
                        code[pc, READ0],
                        code[pc, READ0_START] : code[pc, READ0_STOP],
                    ],
                    trap,
                )
            elif op == LOAD:
                why = load(
                    line[core],
                    line_written[core],
                    a[1] + base[a[0]],
                    a[2],
                    a[3],
                    a[4],
                    bytes_[core, code[pc, WRITE], code[pc, WRITE_START] :],
                    trap,
                )
            elif op == FILL:
                start = a[1] + base[a[0]]
                why = fill(line[core], line_written[core], start, a[2], a[3], trap)
            elif op == SLIDE:
                why = slide(line[core], line_written[core], a[0], a[1], a[2], trap)
            elif op == PROGRAM:
                block = arrays[core, a[0]]
                if block[W_OFFSET] != 0:
                    trap[TRAP_A], trap[TRAP_B] = a[0], 0
                    return MISALIGNED_WEIGHTS
                block[W_BLOCK], block[W_COLUMNS], block[W_MASK] = a[1], a[2], a[3]
                block[W_OFFSET] = a[4]
            elif op == CLEAR:
                accumulators[core, : a[0]] = 0
            elif op in (LOAD_SUMS, ADD_SUMS):
                sums = integers[core, code[pc, READ0]]
                why = take_sums(
                    accumulators[core], sums, a[0], op == ADD_SUMS, machine, trap
                )
            elif op == STORE_SUMS:
                integers[core, code[pc, WRITE], : a[0]] = accumulators[core, : a[0]]
            elif unit == VECTOR and op != NOTHING:
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
                    trap[TRAP_A] = lane
                    return OVERFLOW
            elif op != NOTHING:
                following = control(core, pc, code, cores, loops, addresses)
            if why != 0:
                return int(why)

            budget -= 1
            counts[pc] += 1
            busy[unit] += done - began if op != WAIT else code[pc, CYCLES]
            target = code[pc, WRITE]
            if target >= 0:
                valid[core, target, code[pc, WRITE_START] : code[pc, WRITE_STOP]] = 1
            cores[core, C_TIME] = done
            cores[core, C_PC] = following
            cores[core, C_DONE] = done
            layer = code[pc, LAYER]
            if layer >= 0:
                if unit != ISSUE:
                    layers[layer, 0] = min(layers[layer, 0], began)
                layers[layer, 1] = max(layers[layer, 1], done)
            if unit != ISSUE or op == WAIT:
                record(trace, scalars, core, unit, pc, began, done)
            if op == HALT:
                cores[core, C_HALTED] = 1
                break
    return finish(cores, edges, trap)
