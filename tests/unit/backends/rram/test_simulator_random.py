"""Random programs: the machine ends or traps, stays in its bounds, and repeats."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from rram_programs import (
    AddOp,
    MaxOp,
    SumOp,
    as_map,
    core,
    encode,
    module_of,
    small_chip,
)

from cimc.backends.rram.isa import (
    CallOp,
    CreditOp,
    LoadOp,
    LoopOp,
    MoveOp,
    NextOp,
    RingOp,
    SetOp,
    SplatOp,
    StepOp,
    StoreOp,
    WaitOp,
    WalkOp,
)
from cimc.backends.rram.simulator.simulator import Simulator
from cimc.diagnostics import VerificationError
from cimc.weights import WeightStore

CORES = 3
register = st.integers(0, 2)
offset = st.integers(-8, 300)
length = st.integers(1, 40)
walk = {
    "columns": st.integers(3, 5),
    "step": st.integers(-8, 8),
    "jump": st.integers(-64, 64),
}

plain = st.one_of(
    st.builds(SetOp, a=st.just(0), value=st.integers(-4, 200)),
    st.builds(StepOp, a=st.just(0), by=st.integers(-32, 32)),
    st.builds(
        LoadOp,
        vd=register,
        dest=st.integers(0, 64),
        base=st.just(0),
        offset=offset,
        count=st.integers(1, 4),
        length=length,
        stride=st.integers(-64, 64),
    ),
    st.builds(
        StoreOp,
        base=st.just(0),
        offset=offset,
        vs=register,
        source=st.integers(0, 16),
        length=length,
    ),
    st.builds(WalkOp, a=st.just(1), column=st.integers(0, 2), **walk),
    st.builds(NextOp, a=st.just(1)),
    st.builds(
        StoreOp,
        base=st.just(1),
        offset=offset,
        vs=register,
        length=st.sampled_from([1, 4]),
    ),
    st.builds(SplatOp, vd=register, n=length, value=st.integers(-128, 255)),
    st.builds(MoveOp, vd=register, vs=register, start=st.integers(0, 8), n=length),
    st.builds(AddOp, vd=register, va=register, vb=register, n=st.integers(1, 8)),
    st.builds(
        MaxOp, vd=register, vs=register, segments=st.integers(1, 3), n=st.integers(1, 8)
    ),
    st.builds(
        SumOp,
        vd=st.just(3),
        vs=register,
        segments=st.integers(1, 3),
        n=st.integers(1, 8),
    ),
    st.builds(
        CallOp,
        core=st.integers(0, CORES - 1),
        s=st.integers(0, 1),
        by=st.integers(1, 2),
    ),
    st.builds(WaitOp, s=st.integers(0, 1), by=st.integers(1, 2)),
)
body = st.recursive(
    st.lists(plain, min_size=1, max_size=6),
    lambda inner: st.builds(
        lambda ops, count: [LoopOp(ops, count=count)], inner, st.integers(1, 3)
    ),
    max_leaves=3,
)


def outcome(simulator, image):
    try:
        result = simulator.run({"in": image})
    except VerificationError as error:
        return error.diagnostic
    return result.metrics, result.feature_maps["in"].tolist()


def begin(number):
    """Fill the registers, and let a1 walk through a ring of the core's own."""
    return [
        *(LoadOp(vd=r, base=0, count=1, length=64) for r in range(4)),
        RingOp(a=1, base=200 + 40 * number, size=40, value=0),
        WalkOp(a=1, columns=3, column=0, step=4, jump=8),
    ]


@given(st.lists(body, min_size=CORES, max_size=CORES), st.integers(200, 320))
@settings(max_examples=150)
def test_random_programs(bodies, size):
    cores = [
        core(number, begin(number) + ops, [CreditOp(s=1, count=1)])
        for number, ops in enumerate(bodies)
    ]
    module = module_of(
        *cores, declarations=(as_map("in", 0, size, "input"),), memory=320
    )
    chip = small_chip()
    simulator = Simulator(encode(module), WeightStore(), chip)
    image = (np.arange(size) % 251).astype(np.uint8).reshape(1, 1, -1)
    first = outcome(simulator, image)
    assert outcome(simulator, image) == first
    if isinstance(first, tuple):
        metrics, _ = first
        assert metrics["busy"]["bus"] <= metrics["cycles"]
        for unit in ("issue", "lsu", "vector"):
            assert metrics["busy"][unit] <= CORES * metrics["cycles"]
        traffic = metrics["traffic"]
        assert (
            traffic["data_bytes"] + traffic["sync_bytes"] == metrics["energy_pj"]["bus"]
        )
