"""The machine itself: in-order cores with parallel units on one bus or mesh, compiled.

A core runs ahead of the others as long as it touches only what is its own. Before it
asks for a transfer it gives way to every core with an earlier request (equal times:
the lower core), so that requests are granted, and memory changes, in order of time.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cimc.backends.rram.simulator import layout as own
from cimc.backends.rram.simulator.addresses import byte_at, move
from cimc.backends.rram.simulator.crossbar import execute_mvm
from cimc.backends.rram.simulator.interconnect import carry
from cimc.backends.rram.simulator.memory import load, store
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


@compiled("int64(int64, int64, int64[:, ::1], int64[:, :, ::1])")
def operands_ready(core: int, pc: int, code: Array, vectors: Array) -> Any:
    """When the vector registers of the instruction at ``pc`` allow it to issue.

    Reads wait for values. A write must not complete before earlier reads of its target
    are over, nor before an older write by another unit (those of one unit complete in
    order). When a LOAD completes, its grant decides: it waits for them to be over.
    """
    ready = np.int64(0)
    if code[pc, shared.READ0] >= 0:
        ready = max(ready, vectors[core, code[pc, shared.READ0], own.V_READY])
    if code[pc, shared.READ1] >= 0:
        ready = max(ready, vectors[core, code[pc, shared.READ1], own.V_READY])
    target = code[pc, shared.WRITE]
    if target >= 0:
        unit = code[pc, shared.UNIT]
        over = vectors[core, target, own.V_READ]
        if vectors[core, target, own.V_WRITER] != unit:
            over = max(over, vectors[core, target, own.V_READY])
        ahead = code[pc, shared.CYCLES] if unit != own.LSU else 0
        ready = max(ready, over - ahead)
    return ready


@compiled(
    "int64(int64, int64[::1], int64[::1], int64[::1], int64[::1], int64[::1], "
    "int64[:, ::1], "
    "float32[:, ::1], int32[::1], int8[::1], int32[::1], float32[::1], uint8[::1], "
    "int64[::1], int64[::1], "
    "int64[:, ::1], int64[:, ::1], int64[:, :, ::1], int64[:, ::1], int64[:, :, ::1], "
    f"int64[:, ::1], int64[:, ::1], {CLOCKS}, int64[:, ::1], "
    "uint8[:, :, ::1], uint8[:, :, ::1], int8[:, :, ::1], int32[:, :, ::1], "
    "float32[:, :, ::1], uint8[::1], int32[::1], int64[:, ::1], "
    "uint8[::1], int32[::1], int64[:, ::1], int64[::1], int64[:, ::1], "
    "int64[:, ::1], int64[::1], int64[:, ::1], int64[::1])"
)
def advance(
    budget: int,
    timing: Array,
    numbers: Array,
    places: Array,
    links: Array,
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
    ways: Array,
    loops: Array,
    vectors: Array,
    units: Array,
    edges: Array,
    clocks: Clocks,
    queue: Array,
    valid: Array,
    bytes_: Array,
    signed_bytes: Array,
    integers: Array,
    floats: Array,
    memory: Array,
    marks: Array,
    histories: Array,
    copies: Array,
    copy_writers: Array,
    stalls: Array,
    counts: Array,
    layers: Array,
    trace: Array,
    busy: Array,
    batch: Array,
    ends: Array,
) -> int:
    """Run up to ``budget`` instructions; why it stopped (see layout.py).

    Every core runs its main as often as there are ``ends``, which get the time at
    which all cores are through with each image.

    All state is in the arguments, so that a call continues where the last one ended.
    """
    issue, memory_latency, call_latency = timing[0], timing[1], timing[2]
    columns, hop, bank = timing[3], timing[4], timing[5]
    while scalars[shared.G_HEAP] > 0:
        core = pop(heap, scalars) & ((1 << shared.CORE_BITS) - 1)
        while True:
            pc = cores[core, shared.C_PC]
            op, unit = code[pc, shared.OP], code[pc, shared.UNIT]
            trap[shared.TRAP_CORE], trap[shared.TRAP_PC] = core, pc
            image = batch[core, own.B_IMAGE]
            arrived = cores[core, shared.C_TIME]
            now = max(arrived, operands_ready(core, pc, code, vectors))
            stalls[core, own.S_HAZARD] += now - arrived
            if unit != shared.ISSUE and units[core, unit] > now:
                free = units[core, unit]
                if unit == own.LSU:
                    # Until the grant the unit itself waited for the bus.
                    granted = min(max(cores[core, shared.C_GRANT], now), free)
                    stalls[core, own.S_BUS] += granted - now
                    stalls[core, own.S_LSU] += free - granted
                elif unit == shared.VECTOR:
                    stalls[core, own.S_VECTOR] += free - now
                else:
                    stalls[core, own.S_CROSSBAR] += free - now
                now = free
            cores[core, shared.C_TIME] = now
            full = False
            if unit == own.LSU or op == shared.WAIT:
                most = scalars[own.G_HISTORIES] + bytes_.shape[2]
                full = most > histories.shape[0] or crowded(scalars, clocks, core)
            why_not = turn(heap, scalars, budget, now, core, unit == own.LSU, full)
            if why_not == shared.YIELDS:
                break
            if why_not != shared.GOES_ON:
                return why_not
            if operand_missing(valid, core, pc, code, trap):
                return shared.UNINITIALISED_REGISTER

            done = now + code[pc, shared.CYCLES]
            ready, began = done, now
            following = pc + 1
            if op == shared.WAIT:
                done = wait(scalars, edges, queue, clocks, core, code[pc], now)
                if done < 0:
                    break
                stalls[core, own.S_WAIT] += done - now
                cores[core, shared.C_TIME] = done
                done += issue
                ready = done
            elif unit == own.LSU:
                here = there = 0
                if columns > 0:
                    here = int(places[numbers[core]])
                    if op == shared.CALL:
                        there = int(places[code[pc, shared.A3]])
                    else:
                        way = code[pc, shared.A0]
                        address = addresses[core, way] + code[pc, shared.A1]
                        byte = byte_at(address, ways[core, way])
                        at = min(max(byte, 0), memory.size - 1) // bank
                        there = int(places[at])
                    if op == own.LOAD:
                        here, there = there, here
                began, done, arrived = carry(
                    now,
                    here,
                    there,
                    code[pc, shared.CYCLES],
                    columns,
                    hop,
                    links,
                    scalars,
                )
                ready = arrived + memory_latency
                cores[core, shared.C_GRANT] = began
                why = 0
                if op == own.LOAD:
                    target = code[pc, shared.WRITE]
                    why = load(
                        memory,
                        marks,
                        histories,
                        scalars,
                        core_of,
                        core,
                        clocks,
                        addresses[core, code[pc, shared.A0]] + code[pc, shared.A1],
                        ways[core, code[pc, shared.A0]],
                        pc,
                        code[pc, shared.A2],
                        code[pc, shared.A3],
                        code[pc, shared.A4],
                        bytes_[core, target, code[pc, shared.WRITE_START] :],
                        trap,
                    )
                elif op == own.STORE:
                    why = store(
                        memory,
                        marks,
                        histories,
                        scalars,
                        copies,
                        copy_writers,
                        core_of,
                        core,
                        clocks,
                        addresses[core, code[pc, shared.A0]] + code[pc, shared.A1],
                        ways[core, code[pc, shared.A0]],
                        pc,
                        bytes_[
                            core,
                            code[pc, shared.READ0],
                            code[pc, shared.READ0_START] : code[pc, shared.READ0_STOP],
                        ],
                        trap,
                    )
                    stored = cores[core, shared.C_STORED]
                    cores[core, shared.C_STORED] = max(stored, ready)
                else:
                    ready = max(arrived + call_latency, cores[core, shared.C_STORED])
                    call(heap, scalars, edges, queue, clocks, core, code[pc], ready, pc)
                if why != 0:
                    return why
            elif op == own.MVM:
                execute_mvm(
                    weights,
                    code[pc, shared.A0],
                    code[pc, shared.A1],
                    code[pc, shared.A2],
                    bytes_[core, code[pc, shared.READ0]],
                    code[pc, shared.A3] != 0,
                    integers[core, code[pc, shared.WRITE]],
                )
            elif unit == shared.VECTOR:
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
            else:
                following = control(core, pc, code, cores, loops, addresses)
                if op == shared.SET or op >= own.RING:
                    move(core, pc, image, code, addresses, ways)

            budget -= 1
            counts[pc] += 1
            units[core, unit] = done
            busy[min(unit, own.CROSSBAR)] += (
                done - now if unit == own.LSU else code[pc, shared.CYCLES]
            )
            # A crossbar latches its inputs when it starts.
            over = now if op == own.MVM else done
            for column in (shared.READ0, shared.READ1):
                if code[pc, column] >= 0:
                    source = code[pc, column]
                    vectors[core, source, own.V_READ] = max(
                        vectors[core, source, own.V_READ], over
                    )
            target = code[pc, shared.WRITE]
            if target >= 0:
                vectors[core, target, own.V_READY] = max(
                    vectors[core, target, own.V_READY], ready
                )
                vectors[core, target, own.V_WRITER] = unit
                mark_written(valid, core, pc, code)
            cores[core, shared.C_TIME] = max(cores[core, shared.C_TIME], now) + issue
            cores[core, shared.C_PC] = following
            cores[core, shared.C_DONE] = max(cores[core, shared.C_DONE], ready)
            # A core that waits for its turn has not begun yet.
            first = now if unit != shared.ISSUE else -1
            if image == 0:
                touch_layer(layers, code[pc, shared.LAYER], first, ready)
            if unit != shared.ISSUE or op == shared.WAIT:
                record(trace, scalars, core, unit, pc, began, done)
            if op == shared.HALT:
                ends[image] = max(ends[image], cores[core, shared.C_DONE])
                if image + 1 == ends.size:
                    cores[core, shared.C_HALTED] = 1
                    break
                batch[core, own.B_IMAGE] = image + 1
                cores[core, shared.C_PC] = batch[core, own.B_START]
                addresses[core], ways[core] = 0, 0
    return finish(cores, edges, trap)
