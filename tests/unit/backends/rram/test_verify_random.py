"""Random programs: the verifier accepts what the simulator runs to the end, and no more.

Every CALL has its WAIT and all bytes are there when an image starts, so that nothing can
go wrong but order. What one run of the simulator finds does not depend on its timing,
since it keeps vector clocks.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import event, given, settings
from hypothesis import strategies as st
from rram_programs import as_map, core, encode, module_of, small_chip
from xdsl.ir import Operation

from cimc.backends.rram.isa import (
    CallOp,
    CreditOp,
    LoadOp,
    LoopOp,
    NextOp,
    RingOp,
    SetOp,
    StepOp,
    StoreOp,
    WaitOp,
    WalkOp,
)
from cimc.backends.rram.simulator.simulator import Simulator
from cimc.backends.rram.verify.proof import prove
from cimc.diagnostics import VerificationError
from cimc.weights import WeightStore

CORES = 3
MEMORY = 128
#: What the verifier may say where the simulator says this; "" is the end of the run.
AGREED = {
    "": {"proven"},
    "E043": {"unordered"},
    "E045": {"deadlock"},
}

words = st.integers(0, 7).map(lambda word: 4 * word)
steps = st.integers(-2, 3).map(lambda word: 4 * word)


def accesses(ring: bool) -> st.SearchStrategy[Operation]:
    load = st.builds(
        LoadOp,
        vd=st.just(0),
        base=st.integers(0, 1) if ring else st.just(1),
        offset=words,
        count=st.integers(1, 2),
        length=st.just(4),
        stride=steps if ring else st.sampled_from([4, 8, 12]),
    )
    store = st.builds(
        StoreOp,
        base=st.integers(0, 1) if ring else st.just(1),
        offset=words,
        vs=st.just(0),
        length=st.just(4),
    )
    return st.one_of(load, store)


def bodies(number: int, ring: bool) -> st.SearchStrategy[list[Operation]]:
    """A body of core ``number``; s of core k is called by core (k + 1 + s) mod 3."""
    others = [k for k in range(CORES) if k != number]
    plain = [
        accesses(ring),
        st.sampled_from(others).flatmap(
            lambda k: st.builds(
                CallOp,
                core=st.just(k),
                s=st.just((number - k - 1) % CORES),
                by=st.integers(1, 2),
            )
        ),
        st.builds(WaitOp, s=st.integers(0, 1), by=st.integers(1, 2)),
    ]
    if ring:
        plain.append(st.builds(StepOp, a=st.just(0), by=steps))
        plain.append(st.builds(NextOp, a=st.just(0)))
    some = st.lists(st.one_of(*plain), min_size=1, max_size=5)
    return st.recursive(
        some,
        lambda inner: st.builds(
            lambda before, ops, count: [*before, LoopOp(ops, count=count)],
            st.just([]) | some.map(list),
            inner,
            st.integers(1, 3),
        ),
        max_leaves=3,
    )


def totals(ops: list[Operation], number: int, times: int = 1) -> Counter[tuple]:
    """By how much each register is raised in the end, if all waits were for nothing."""
    found: Counter[tuple] = Counter()
    for op in ops:
        match op:
            case LoopOp():
                found.update(totals(list(op.body()), number, times * op.count))
            case CallOp():
                found[op.core, op.s] += times * op.by
            case WaitOp():
                found[number, op.s] -= times * op.by
            case _:
                pass
    return found


@st.composite
def programs(draw: st.DrawFn, ring: bool):
    mains: list[list[Operation]] = []
    left: Counter[tuple] = Counter()
    for number in range(CORES):
        ops = draw(bodies(number, ring))
        found = totals(ops, number)
        left = Counter({k: left[k] + found[k] for k in {*left, *found}})
        start: list[Operation] = [LoadOp(vd=0, base=1, count=1, length=64)]
        if ring:
            base, size = draw(st.sampled_from([(0, 32), (0, 64), (32, 32)]))
            start.append(RingOp(a=0, base=base, size=size, value=draw(words)))
            jump, columns = draw(steps), draw(st.integers(1, 3))
            walk = WalkOp(a=0, columns=columns, column=0, step=4, jump=jump)
            start.append(walk)
            ring1 = RingOp(a=1, base=base, size=size, value=draw(words))
            start.append(ring1 if draw(st.booleans()) else SetOp(a=1, value=32))
        mains.append([*start, *ops])
    for (number, register), count in sorted(left.items()):
        if count > 0:
            mains[number].append(WaitOp(s=register, by=count))
        elif count < 0:
            source = (number + 1 + register) % CORES
            call = CallOp(core=number, s=register, by=-count)
            at = draw(st.sampled_from([1, len(mains[source])]))
            mains[source].insert(at, call)
    cores = []
    for number, ops in enumerate(mains):
        counts = [draw(st.integers(0, 3)) for _ in range(2)]
        setup = [CreditOp(s=s, count=n) for s, n in enumerate(counts) if n]
        cores.append(core(number, ops, setup))
    return module_of(
        *cores, declarations=(as_map("in", 0, MEMORY, "input"),), memory=MEMORY
    )


def compare(module) -> tuple[str, str]:
    """What the simulator and the verifier say of a program."""
    simulator = Simulator(encode(module), WeightStore(), small_chip())
    image = np.arange(MEMORY, dtype=np.uint8).reshape(1, 1, -1)
    trap = ""
    try:
        simulator.run({"in": image})
    except VerificationError as error:
        trap = error.diagnostic.code
    problem = prove(module)
    return trap, problem.kind if problem else "proven"


@given(programs(ring=False))
@settings(max_examples=300)
def test_verifier_and_simulator_agree(module):
    trap, verdict = compare(module)
    event(f"{trap or 'end'}: {verdict}")
    assert verdict in AGREED[trap]


@given(programs(ring=True))
@settings(max_examples=300)
def test_verifier_and_simulator_agree_on_rings(module):
    """A byte that holds what is too old or too new for a ring is no trap."""
    trap, verdict = compare(module)
    event(f"{trap or 'end'}: {verdict}")
    assert verdict in {*AGREED[trap], "wrong order", "beyond"} or trap == "E041"
