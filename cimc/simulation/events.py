"""Ready queue of cores and the calls on their way to sequence registers, compiled."""

from __future__ import annotations

from cimc.simulation.clocks import CLOCKS, Clocks, acquire, hand_over
from cimc.simulation.jit import compiled
from cimc.simulation.layout import (
    A0,
    A1,
    A2,
    CORE_BITS,
    E_BLOCKED,
    E_CONSUMED,
    E_EXPECTED,
    E_HEAD,
    E_LAST_CALL,
    E_LAST_TIME,
    E_OWNER,
    E_TAIL,
    E_TOTAL,
    G_FREE,
    G_HEAP,
    GOES_ON,
    GROW,
    PAUSED,
    Q_NEXT,
    Q_TIME,
    Q_VALUE,
    YIELDS,
)
from cimc.weights import Array

__all__ = ["call", "pop", "push", "turn", "wait"]


@compiled("void(int64[::1], int64[::1], int64)")
def push(heap: Array, scalars: Array, key: int) -> None:
    """Put ``key`` into the binary heap."""
    at = scalars[G_HEAP]
    scalars[G_HEAP] += 1
    while at > 0:
        parent = (at - 1) >> 1
        if heap[parent] <= key:
            break
        heap[at] = heap[parent]
        at = parent
    heap[at] = key


@compiled("int64(int64[::1], int64[::1])")
def pop(heap: Array, scalars: Array) -> int:
    """Take the smallest key out of the binary heap."""
    smallest = heap[0]
    scalars[G_HEAP] -= 1
    size = scalars[G_HEAP]
    key = heap[size]
    at = 0
    while True:
        child = 2 * at + 1
        if child >= size:
            break
        if child + 1 < size and heap[child + 1] < heap[child]:
            child += 1
        if heap[child] >= key:
            break
        heap[at] = heap[child]
        at = child
    heap[at] = key
    return smallest


@compiled("int64(int64[::1], int64[::1], int64, int64, int64, boolean, boolean)")
def turn(
    heap: Array,
    scalars: Array,
    budget: int,
    now: int,
    core: int,
    shared: bool,
    full: bool,
) -> int:
    """Whether ``core`` may go on at ``now``; if not, it is queued again.

    GOES_ON, PAUSED (the budget is used up), YIELDS (it needs what is ``shared``, which
    somebody asked for earlier), or GROW (what it needs room in is ``full``).
    """
    key = now << CORE_BITS | core
    why = GOES_ON
    if budget <= 0:
        why = PAUSED
    elif shared and scalars[G_HEAP] > 0 and heap[0] < key:
        why = YIELDS
    elif full:
        why = GROW
    if why != GOES_ON:
        push(heap, scalars, key)
    return why


@compiled(
    f"void(int64[::1], int64[::1], int64[:, ::1], int64[:, ::1], {CLOCKS}, int64, "
    "int64[::1], int64, int64)"
)
def call(
    heap: Array,
    scalars: Array,
    edges: Array,
    queue: Array,
    clocks: Clocks,
    core: int,
    code: Array,
    time: int,
    pc: int,
) -> None:
    """Let ``core`` raise a register, visible at ``time``, and wake who waits for it.

    ``code`` is the row of the call. Calls to one register become visible in the order
    in which they had the bus. The caller has made sure that there is room. What the
    core does from now on is of a new epoch.
    """
    edge = code[A0]
    time = max(time, edges[edge, E_LAST_TIME])
    edges[edge, E_LAST_TIME] = time
    entry = scalars[G_FREE]
    scalars[G_FREE] = queue[entry, Q_NEXT]
    edges[edge, E_TOTAL] += code[A1]
    edges[edge, E_LAST_CALL] = pc
    queue[entry, Q_VALUE] = edges[edge, E_TOTAL]
    queue[entry, Q_TIME] = time
    queue[entry, Q_NEXT] = -1
    hand_over(clocks, core, code[A2], queue[entry])
    if edges[edge, E_HEAD] < 0:
        edges[edge, E_HEAD] = entry
    else:
        queue[edges[edge, E_TAIL], Q_NEXT] = entry
    edges[edge, E_TAIL] = entry
    if edges[edge, E_BLOCKED] != 0:
        edges[edge, E_BLOCKED] = 0
        push(heap, scalars, time << CORE_BITS | edges[edge, E_OWNER])


@compiled(
    f"int64(int64[::1], int64[:, ::1], int64[:, ::1], {CLOCKS}, int64, int64[::1], "
    "int64)"
)
def wait(
    scalars: Array,
    edges: Array,
    queue: Array,
    clocks: Clocks,
    core: int,
    code: Array,
    time: int,
) -> int:
    """Consume calls until a register of ``core`` has risen; when that is, or -1.

    ``code`` is the row of the WAIT. What the callers had done before the calls has
    happened before from then on.
    """
    edge = code[A0]
    expected = edges[edge, E_EXPECTED] + code[A1]
    while edges[edge, E_CONSUMED] < expected:
        entry = edges[edge, E_HEAD]
        if entry < 0:
            edges[edge, E_BLOCKED] = 1
            return -1
        time = max(time, queue[entry, Q_TIME])
        edges[edge, E_CONSUMED] = queue[entry, Q_VALUE]
        edges[edge, E_HEAD] = queue[entry, Q_NEXT]
        acquire(scalars, clocks, core, queue[entry])
        queue[entry, Q_NEXT] = scalars[G_FREE]
        scalars[G_FREE] = entry
    edges[edge, E_EXPECTED] = expected
    return time
