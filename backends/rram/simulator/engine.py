"""The machine itself: in-order cores with parallel units on one bus, compiled.

A core runs ahead of the others as long as it touches only what is its own. Before it
takes the bus it gives way to every core with an earlier request (equal times: the
lower core), so that requests are granted, and memory changes, in order of time.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cimc.backends.rram.simulator.crossbar import execute_mvm
from cimc.backends.rram.simulator.layout import (
    CROSSBAR,
    LOAD,
    LSU,
    MVM,
    S_BUS,
    S_CROSSBAR,
    S_HAZARD,
    S_LSU,
    S_VECTOR,
    S_WAIT,
    STORE,
    V_READ,
    V_READY,
    V_WRITER,
)
from cimc.backends.rram.simulator.memory import load, store
from cimc.simulation.control import control, finish, operand_missing, record
from cimc.simulation.events import announce, pop, push, wait
from cimc.simulation.jit import compiled
from cimc.simulation.layout import (
    A0,
    A1,
    A2,
    A3,
    A4,
    C_DONE,
    C_GRANT,
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
    READ1,
    TRAP_A,
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


@compiled("int64(int64, int64, int64[:, ::1], int64[:, :, ::1])")
def operands_ready(core: int, pc: int, code: Array, vectors: Array) -> Any:
    """When the vector registers of the instruction at ``pc`` allow it to issue.

    Reads wait for values, writes for reads; a write also waits for an older write by
    another unit (those of one unit complete in order).
    """
    ready = np.int64(0)
    if code[pc, READ0] >= 0:
        ready = max(ready, vectors[core, code[pc, READ0], V_READY])
    if code[pc, READ1] >= 0:
        ready = max(ready, vectors[core, code[pc, READ1], V_READY])
    target = code[pc, WRITE]
    if target >= 0:
        ready = max(ready, vectors[core, target, V_READ])
        if vectors[core, target, V_WRITER] != code[pc, UNIT]:
            ready = max(ready, vectors[core, target, V_READY])
    return ready


@compiled(
    "int64(int64, int64[::1], int64[::1], int64[:, ::1], float32[:, ::1], int32[::1], "
    "int8[::1], int32[::1], float32[::1], uint8[::1], int64[::1], int64[::1], "
    "int64[:, ::1], int64[:, ::1], int64[:, ::1], int64[:, :, ::1], int64[:, ::1], "
    "int64[:, ::1], int32[:, ::1], int64[:, ::1], int32[:, ::1], uint8[:, :, ::1], "
    "uint8[:, :, ::1], int8[:, :, ::1], int32[:, :, ::1], float32[:, :, ::1], "
    "uint8[::1], int64[::1], int64[::1], int64[:, ::1], int64[::1], int64[:, ::1], "
    "int64[:, ::1], int64[::1])"
)
def advance(
    budget: int,
    timing: Array,
    heap: Array,
    code: Array,
    reals: Array,
    core_of: Array,
    weights: Array,
    biases: Array,
    multipliers: Array,
    tables: Array,
    scalars: Array,
    trap: Array,
    cores: Array,
    addresses: Array,
    loops: Array,
    vectors: Array,
    units: Array,
    edges: Array,
    clocks: Array,
    queue: Array,
    queue_clocks: Array,
    valid: Array,
    bytes_: Array,
    signed_bytes: Array,
    integers: Array,
    floats: Array,
    memory: Array,
    writers: Array,
    readers: Array,
    stalls: Array,
    counts: Array,
    layers: Array,
    trace: Array,
    busy: Array,
) -> int:
    """Run up to ``budget`` instructions; why it stopped (see layout.py).

    All state is in the arguments, so that a call continues where the last one ended.
    """
    issue, memory_latency, call_latency = timing[0], timing[1], timing[2]
    while scalars[G_HEAP] > 0:
        core = pop(heap, scalars) & ((1 << CORE_BITS) - 1)
        clock = clocks[core]
        while True:
            pc = cores[core, C_PC]
            op, unit = code[pc, OP], code[pc, UNIT]
            trap[TRAP_CORE], trap[TRAP_PC] = core, pc
            arrived = cores[core, C_TIME]
            now = max(arrived, operands_ready(core, pc, code, vectors))
            stalls[core, S_HAZARD] += now - arrived
            if unit != ISSUE and units[core, unit] > now:
                free = units[core, unit]
                if unit == LSU:
                    # Until the grant the unit itself waited for the bus.
                    granted = min(max(cores[core, C_GRANT], now), free)
                    stalls[core, S_BUS] += granted - now
                    stalls[core, S_LSU] += free - granted
                elif unit == VECTOR:
                    stalls[core, S_VECTOR] += free - now
                else:
                    stalls[core, S_CROSSBAR] += free - now
                now = free
            cores[core, C_TIME] = now
            key = now << CORE_BITS | core
            yields = unit == LSU and scalars[G_HEAP] > 0 and heap[0] < key
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

            done = now + code[pc, CYCLES]
            ready, began = done, now
            following = pc + 1
            if op == WAIT:
                done = wait(
                    scalars,
                    edges,
                    queue,
                    queue_clocks,
                    code[pc, A0],
                    code[pc, A1],
                    now,
                    clock,
                )
                if done < 0:
                    break
                stalls[core, S_WAIT] += done - now
                cores[core, C_TIME] = done
                done += issue
                ready = done
            elif unit == LSU:
                grant = max(now, scalars[G_BUS_FREE])
                done = grant + code[pc, CYCLES]
                ready = done + memory_latency
                scalars[G_BUS_FREE] = done
                scalars[G_BUS_BUSY] += code[pc, CYCLES]
                cores[core, C_GRANT] = began = grant
                why = 0
                if op == LOAD:
                    target = code[pc, WRITE]
                    why = load(
                        memory,
                        writers,
                        readers,
                        core_of,
                        core,
                        clock,
                        addresses[core, code[pc, A0]] + code[pc, A1],
                        pc,
                        code[pc, A2],
                        code[pc, A3],
                        code[pc, A4],
                        bytes_[core, target, code[pc, WRITE_START] :],
                        trap,
                    )
                elif op == STORE:
                    why = store(
                        memory,
                        writers,
                        readers,
                        core_of,
                        core,
                        clock,
                        addresses[core, code[pc, A0]] + code[pc, A1],
                        pc,
                        bytes_[
                            core,
                            code[pc, READ0],
                            code[pc, READ0_START] : code[pc, READ0_STOP],
                        ],
                        trap,
                    )
                    cores[core, C_STORED] = ready
                else:
                    ready = max(done + call_latency, cores[core, C_STORED])
                    edge = code[pc, A0]
                    woken = announce(
                        scalars,
                        edges,
                        queue,
                        queue_clocks,
                        edge,
                        code[pc, A1],
                        ready,
                        pc,
                        clock,
                    )
                    clock[core] += 1
                    if woken >= 0:
                        owner = edges[edge, E_OWNER]
                        push(heap, scalars, woken << CORE_BITS | owner)
                if why != 0:
                    return why
            elif op == MVM:
                execute_mvm(
                    weights,
                    code[pc, A0],
                    code[pc, A1],
                    code[pc, A2],
                    bytes_[core, code[pc, READ0]],
                    code[pc, A3] != 0,
                    integers[core, code[pc, WRITE]],
                )
            elif unit == VECTOR:
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
            else:
                following = control(core, pc, code, cores, loops, addresses)

            budget -= 1
            counts[pc] += 1
            units[core, unit] = done
            busy[min(unit, CROSSBAR)] += done - now if unit == LSU else code[pc, CYCLES]
            for column in (READ0, READ1):
                if code[pc, column] >= 0:
                    source = code[pc, column]
                    vectors[core, source, V_READ] = max(
                        vectors[core, source, V_READ], done
                    )
            target = code[pc, WRITE]
            if target >= 0:
                vectors[core, target, V_READY] = max(
                    vectors[core, target, V_READY], ready
                )
                vectors[core, target, V_WRITER] = unit
                valid[core, target, code[pc, WRITE_START] : code[pc, WRITE_STOP]] = 1
            cores[core, C_TIME] = max(cores[core, C_TIME], now) + issue
            cores[core, C_PC] = following
            cores[core, C_DONE] = max(cores[core, C_DONE], ready)
            layer = code[pc, LAYER]
            if layer >= 0:
                if unit != ISSUE:
                    # A core that waits for its turn has not begun yet.
                    layers[layer, 0] = min(layers[layer, 0], now)
                layers[layer, 1] = max(layers[layer, 1], ready)
            if unit != ISSUE or op == WAIT:
                record(trace, scalars, core, unit, pc, began, done)
            if op == HALT:
                cores[core, C_HALTED] = 1
                break
    return finish(cores, edges, trap)
