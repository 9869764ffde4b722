"""The engine's cycles against a second machine that steps every cycle."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from rram_programs import MaxOp, as_map, core, decode, encode, module_of, small_chip
from rram_reference import Reference

from cimc.backends.rram.dialect import cores_of
from cimc.backends.rram.isa import (
    CallOp,
    LoadOp,
    LoopOp,
    MvmOp,
    ProgramOp,
    SetOp,
    StoreOp,
    WaitOp,
)
from cimc.backends.rram.simulator.simulator import Simulator
from cimc.weights import WeightStore
from tests.support.programs import constant

CORES = 4
REGISTERS = 4
register = st.integers(0, REGISTERS - 1)

plain = st.one_of(
    st.builds(SetOp, a=st.just(1), value=st.just(0)),
    st.builds(
        LoadOp,
        vd=register,
        dest=st.sampled_from([0, 8, 100]),
        base=st.just(0),
        offset=st.integers(0, 8),
        count=st.integers(1, 3),
        length=st.integers(1, 32),
        stride=st.integers(0, 32),
    ),
    st.builds(
        StoreOp,
        base=st.just(2),
        offset=st.integers(0, 8),
        vs=register,
        length=st.integers(1, 64),
    ),
    st.builds(
        MaxOp,
        vd=register,
        vs=register,
        segments=st.integers(1, 4),
        n=st.integers(1, 32),
    ),
    st.builds(MvmOp, vd=register, xb=st.integers(0, 1), vs=register),
)
piece = st.one_of(
    plain,
    st.builds(LoopOp, st.lists(plain, min_size=1, max_size=4), count=st.integers(1, 4)),
)


@st.composite
def groups(draw):
    """Bodies of cores in which calls go to higher cores only, so that all end."""
    bodies = [draw(st.lists(piece, max_size=6)) for _ in range(CORES)]
    for low in range(CORES):
        for high in range(low + 1, CORES):
            for _ in range(draw(st.integers(0, 2))):
                call = CallOp(core=high, s=low % 2, by=1)
                bodies[low].insert(draw(st.integers(0, len(bodies[low]))), call)
                wait = WaitOp(s=low % 2, by=1)
                bodies[high].insert(draw(st.integers(0, len(bodies[high]))), wait)
    return bodies


@given(groups(), st.sampled_from([4, 8, 64]), st.sampled_from([3, 100]))
@settings(max_examples=100)
def test_cycles_equal_those_of_the_reference(bodies, bus_bytes, mvm):
    store = WeightStore()
    matrix = constant(store, "w", np.ones((16, 16), np.int8))
    fields = {"matrix": matrix, "row": 0, "rows": 16, "column": 0, "columns": 16}
    fill = [
        LoadOp(vd=r, dest=at, base=0, count=1, length=128)
        for r in range(REGISTERS)
        for at in (0, 128)
    ]
    cores = [
        core(
            number,
            [SetOp(a=2, value=512 + 128 * number), *[op.clone() for op in fill], *body],
            [ProgramOp(xb=xb, **fields) for xb in range(2)],
        )
        for number, body in enumerate(bodies)
    ]
    values = small_chip(bus_bytes=bus_bytes).model_dump()
    values["timing"]["mvm"]["value"] = mvm
    chip = type(small_chip()).model_validate(values)
    data = encode(
        module_of(*cores, declarations=(as_map("in", 0, 256, "input"),), chip=chip)
    )
    simulator = Simulator(data, store, chip)
    metrics = simulator.run({"in": np.ones((1, 1, 256), np.uint8)}).metrics
    reference = Reference(cores_of(decode(data)), chip.machine())
    assert metrics["cycles"] == reference.run()
