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
from cimc.backends.rram.simulator.analogue import execute_analogue_mvm
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


@compiled("int64(int64[::1], int64[:, ::1])")
def operands_ready(row: Array, registers: Array) -> Any:
    """When the vector registers of the instruction in ``row`` allow it to issue.

    Reads wait for values. A write must not complete before earlier reads of its target
    are over, nor before an older write by another unit (those of one unit complete in
    order). When a LOAD completes, its grant decides: it waits for them to be over.
    """
    ready = np.int64(0)
    if row[shared.READ0] >= 0:
        ready = max(ready, registers[row[shared.READ0], own.V_READY])
    if row[shared.READ1] >= 0:
        ready = max(ready, registers[row[shared.READ1], own.V_READY])
    if row[shared.WRITE] >= 0:
        unit, target = row[shared.UNIT], registers[row[shared.WRITE]]
        over = target[own.V_READ]
        if target[own.V_WRITER] != unit:
            over = max(over, target[own.V_READY])
        ahead = row[shared.CYCLES] if unit != own.LSU else 0
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
    "int64[:, ::1], int64[::1], int64[:, ::1], int64[::1], int16[::1], "
    "float32[::1], float64[::1], float64[:, ::1])"
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
    inputs: Array,
    cells: Array,
    analogue: Array,
    currents: Array,
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
        me, waited = cores[core], stalls[core]
        registers, base = vectors[core], addresses[core]
        while True:
            pc = me[shared.C_PC]
            row = code[pc]
            op, unit, cycles = row[shared.OP], row[shared.UNIT], row[shared.CYCLES]
            trap[shared.TRAP_CORE], trap[shared.TRAP_PC] = core, pc
            image = batch[core, own.B_IMAGE]
            arrived = me[shared.C_TIME]
            now = max(arrived, operands_ready(row, registers))
            waited[own.S_HAZARD] += now - arrived
            if unit != shared.ISSUE and units[core, unit] > now:
                free = units[core, unit]
                if unit == own.LSU:
                    # Until the grant the unit itself waited for the bus.
                    granted = min(max(me[shared.C_GRANT], now), free)
                    waited[own.S_BUS] += granted - now
                    waited[own.S_LSU] += free - granted
                elif unit == shared.VECTOR:
                    waited[own.S_VECTOR] += free - now
                else:
                    waited[own.S_CROSSBAR] += free - now
                now = free
            me[shared.C_TIME] = now
            full = False
            if unit == own.LSU or op == shared.WAIT:
                most = scalars[own.G_HISTORIES] + bytes_.shape[2]
                full = most > histories.shape[0] or crowded(scalars, clocks, core)
            why_not = turn(heap, scalars, budget, now, core, unit == own.LSU, full)
            if why_not == shared.YIELDS:
                break
            if why_not != shared.GOES_ON:
                return why_not
            if operand_missing(valid[core], row, trap):
                return shared.UNINITIALISED_REGISTER

            done = now + cycles
            ready, began = done, now
            following = pc + 1
            if op == shared.WAIT:
                done = wait(scalars, edges, queue, clocks, core, row, now)
                if done < 0:
                    break
                waited[own.S_WAIT] += done - now
                me[shared.C_TIME] = done
                done += issue
                ready = done
            elif unit == own.LSU:
                here = there = 0
                if columns > 0:
                    here = int(places[numbers[core]])
                    if op == shared.CALL:
                        there = int(places[row[shared.A3]])
                    else:
                        way = row[shared.A0]
                        address = base[way] + row[shared.A1]
                        byte = byte_at(address, ways[core, way])
                        at = min(max(byte, 0), memory.size - 1) // bank
                        there = int(places[at])
                    if op == own.LOAD:
                        here, there = there, here
                began, done, arrived = carry(
                    now,
                    here,
                    there,
                    cycles,
                    columns,
                    hop,
                    links,
                    scalars,
                )
                ready = arrived + memory_latency
                me[shared.C_GRANT] = began
                why = 0
                if op == own.LOAD:
                    target = row[shared.WRITE]
                    why = load(
                        memory,
                        marks,
                        histories,
                        scalars,
                        core_of,
                        core,
                        clocks,
                        base[row[shared.A0]] + row[shared.A1],
                        ways[core, row[shared.A0]],
                        pc,
                        row[shared.A2],
                        row[shared.A3],
                        row[shared.A4],
                        bytes_[core, target, row[shared.WRITE_START] :],
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
                        base[row[shared.A0]] + row[shared.A1],
                        ways[core, row[shared.A0]],
                        pc,
                        bytes_[
                            core,
                            row[shared.READ0],
                            row[shared.READ0_START] : row[shared.READ0_STOP],
                        ],
                        trap,
                    )
                    stored = me[shared.C_STORED]
                    me[shared.C_STORED] = max(stored, ready)
                else:
                    ready = max(arrived + call_latency, me[shared.C_STORED])
                    call(heap, scalars, edges, queue, clocks, core, row, ready, pc)
                if why != 0:
                    return why
            elif op == own.MVM and analogue[own.N_ANALOGUE] != 0:
                execute_analogue_mvm(
                    cells,
                    row[shared.A4],
                    row[shared.A1],
                    row[shared.A2],
                    bytes_[core, row[shared.READ0]],
                    row[shared.A3] != 0,
                    inputs,
                    analogue,
                    currents,
                    integers[core, row[shared.WRITE]],
                )
            elif op == own.MVM:
                execute_mvm(
                    weights,
                    row[shared.A0],
                    row[shared.A1],
                    row[shared.A2],
                    bytes_[core, row[shared.READ0]],
                    row[shared.A3] != 0,
                    inputs,
                    integers[core, row[shared.WRITE]],
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
                following = control(pc, row, me, loops[core], base)
                if op == shared.SET or op >= own.RING:
                    move(row, image, base, ways[core])

            budget -= 1
            counts[pc] += 1
            units[core, unit] = done
            busy[min(unit, own.CROSSBAR)] += done - now if unit == own.LSU else cycles
            # A crossbar latches its inputs when it starts.
            over = now if op == own.MVM else done
            for column in (shared.READ0, shared.READ1):
                if row[column] >= 0:
                    source = registers[row[column]]
                    source[own.V_READ] = max(source[own.V_READ], over)
            target = row[shared.WRITE]
            if target >= 0:
                written = registers[target]
                written[own.V_READY] = max(written[own.V_READY], ready)
                written[own.V_WRITER] = unit
                mark_written(valid[core], row)
            me[shared.C_TIME] = max(me[shared.C_TIME], now) + issue
            me[shared.C_PC] = following
            me[shared.C_DONE] = max(me[shared.C_DONE], ready)
            # A core that waits for its turn has not begun yet.
            first = now if unit != shared.ISSUE else -1
            if image == 0:
                touch_layer(layers, row[shared.LAYER], first, ready)
            if unit != shared.ISSUE or op == shared.WAIT:
                record(trace, scalars, core, unit, pc, began, done)
            if op == shared.HALT:
                ends[image] = max(ends[image], me[shared.C_DONE])
                if image + 1 == ends.size:
                    me[shared.C_HALTED] = 1
                    break
                batch[core, own.B_IMAGE] = image + 1
                me[shared.C_PC] = batch[core, own.B_START]
                addresses[core], ways[core] = 0, 0
    return finish(cores, edges, trap)
