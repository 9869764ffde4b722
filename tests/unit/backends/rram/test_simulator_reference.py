"""The engine against a second machine that steps every cycle: time, bytes, traps."""

from itertools import chain

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rram_programs import (
    MaxOp,
    as_map,
    core,
    decode,
    encode,
    module_of,
    small_chip,
)
from rram_reference import Reference
from rram_reference_memory import HOST, Made, Memory, Trap

from cimc.backends.rram.dialect import FeatureMapsOp, cores_of
from cimc.backends.rram.isa import (
    CallOp,
    CreditOp,
    LoadOp,
    LoopOp,
    MoveOp,
    MvmOp,
    NextOp,
    ProgramOp,
    RingOp,
    SetOp,
    SlotOp,
    SplatOp,
    StepOp,
    StoreOp,
    WaitOp,
    WalkOp,
)
from cimc.backends.rram.simulator.simulator import Simulator
from cimc.diagnostics import VerificationError
from cimc.weights import WeightStore
from tests.support.programs import constant

CORES = 4
REGISTERS = 4
#: The host fills the first bytes. Of them only those from SHARED on are written to.
FILLED, SHARED = 512, 256
#: Every core has bytes of its own, and a ring in which a map lies.
OWN, OWN_BYTES, RINGS, RING_BYTES, ORIGIN = 512, 128, 1024, 96, 24
MEMORY = RINGS + CORES * RING_BYTES
#: A batch has places for so many images. In a ring they lie so far apart.
IMAGES, PITCH = 3, 8

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
    st.builds(SplatOp, vd=register, n=st.integers(1, 40), value=st.integers(-128, 255)),
    st.builds(
        MoveOp,
        vd=register,
        vs=register,
        start=st.integers(0, 24),
        n=st.integers(1, 40),
    ),
    # a3 wraps and walks; its segments of 8 rarely cross the end of the ring.
    st.builds(
        StoreOp,
        base=st.just(3),
        offset=st.sampled_from([-8, 0, 8, 800]),
        vs=register,
        length=st.sampled_from([1, 8]),
    ),
    st.builds(
        LoadOp,
        vd=register,
        base=st.just(3),
        offset=st.sampled_from([-8, 0]),
        count=st.integers(1, 4),
        length=st.sampled_from([1, 8]),
        stride=st.sampled_from([-32, 0, 8, 48]),
    ),
    st.just(NextOp(a=3)).map(NextOp.clone),
    st.builds(StepOp, a=st.just(3), by=st.sampled_from([-1000, -8, 3, 8, 4000])),
    st.builds(
        WalkOp,
        a=st.just(3),
        columns=st.integers(4, 6),
        column=st.integers(0, 3),
        step=st.sampled_from([-8, 8, 16]),
        jump=st.sampled_from([-64, 0, 32]),
    ),
)
piece = st.one_of(
    plain,
    st.builds(LoopOp, st.lists(plain, min_size=1, max_size=4), count=st.integers(1, 4)),
)
shared = st.one_of(
    st.builds(
        LoadOp,
        vd=register,
        base=st.just(1),
        offset=st.integers(SHARED, SHARED + 8),
        count=st.integers(1, 2),
        length=st.integers(1, 12),
        stride=st.integers(-4, 16),
    ),
    st.builds(
        StoreOp,
        base=st.just(1),
        offset=st.integers(SHARED, SHARED + 16),
        vs=register,
        length=st.integers(1, 8),
    ),
)


@st.composite
def groups(draw):
    """Bodies of cores, and their credits.

    Calls go to higher cores, or back to give space for as much as there are credits.
    """
    bodies = [draw(st.lists(piece, max_size=6)) for _ in range(CORES)]
    credits = [[] for _ in range(CORES)]

    def insert(number, after, *ops):
        """Put operations into a body in their order; where the last one stands."""
        at = after
        for op in ops:
            at = draw(st.integers(at, len(bodies[number]))) + 1
            bodies[number].insert(at - 1, op)
        return at

    for low in range(CORES):
        for high in range(low + 1, CORES):
            given = draw(st.sampled_from([0, 0, 1, 2]))
            s = 2 + high
            at_low = at_high = 0
            for _ in range(draw(st.integers(0, 2))):
                take = [WaitOp(s=s, by=1)] if given else []
                give = [CallOp(core=low, s=s, by=1)] if given else []
                call = CallOp(core=high, s=low % 2, by=1)
                at_low = insert(low, at_low, *take, call)
                at_high = insert(high, at_high, WaitOp(s=low % 2, by=1), *give)
            if given:
                credits[low].append(CreditOp(s=s, count=given))
    for _ in range(draw(st.integers(0, 3))):
        insert(draw(st.integers(0, CORES - 1)), 0, draw(shared))
    if draw(st.booleans()):
        # Some cores read what the last one writes; perhaps one calls too early.
        waits = []
        for number in draw(st.permutations(range(CORES - 1)))[
            : draw(st.integers(1, 3))
        ]:
            call = CallOp(core=CORES - 1, s=10 + number, by=1)
            ops = [LoadOp(vd=0, base=1, offset=SHARED, count=1, length=8), call]
            early = draw(st.integers(0, 4)) == 0
            insert(number, 0, *(reversed(ops) if early else ops))
            waits.append(WaitOp(s=10 + number, by=1))
        insert(CORES - 1, 0, *waits, StoreOp(base=1, offset=SHARED, vs=0, length=8))
    return bodies, credits


def ring_map(number):
    """The maps in the ring of a core."""
    return FeatureMapsOp(
        tensor=f"ring {number}",
        layer="layer",
        address=RINGS + number * RING_BYTES + ORIGIN,
        height=20,
        width=3,
        channels=8,
        row_stride=40,
        column_stride=8,
        element="ui8",
        role="intermediate",
        ring_base=RINGS + number * RING_BYTES,
        ring_size=RING_BYTES,
        images=IMAGES,
        pitch=PITCH,
    )


def whole_map(name, size, role):
    """Maps of so many bytes in a part of memory for each image."""
    one = as_map(name, 0, size, role)
    return FeatureMapsOp(**one.values, images=IMAGES, pitch=MEMORY)


def program(number, body, credits, matrix, pitches):
    """A core that fills its registers and its bytes of memory before ``body``."""
    fields = {"matrix": matrix, "row": 0, "rows": 16, "column": 0, "columns": 16}
    base = RINGS + number * RING_BYTES
    main = [
        SetOp(a=2, value=OWN + OWN_BYTES * number),
        RingOp(a=3, base=base, size=RING_BYTES, value=0),
        WalkOp(a=3, columns=3, column=0, step=8, jump=16),
        *(SlotOp(a=a, pitch=pitch) for a, pitch in enumerate(pitches)),
        *(
            LoadOp(vd=r, dest=at, base=0, offset=at, count=1, length=128)
            for r in range(REGISTERS)
            for at in (0, 128)
        ),
        StoreOp(base=3, vs=number, length=RING_BYTES),
        *body,
    ]
    setup = [*(ProgramOp(xb=xb, **fields) for xb in range(2)), *credits]
    return core(number, main, setup)


def expected(module, machine, images):
    """What the second machine makes of a program: times and memory, or a trap."""
    free = MEMORY - FILLED
    parts = [[*image.ravel().tolist(), *[0] * free] for image in images]
    values = [*chain(*parts), *[0] * (IMAGES - len(images)) * MEMORY]
    made = [*[*[HOST] * FILLED, *[None] * free] * len(images)]
    memory = Memory(values, [*made, *[None] * (len(values) - len(made))])
    for op in module.ops:
        if isinstance(op, FeatureMapsOp) and op.in_ring:
            memory.add_map(op)
    try:
        run = Reference(cores_of(module), machine, memory, len(images)).run()
        return run, memory
    except Trap as trap:
        return trap, memory


def check_trap(trap, diagnostic):
    assert diagnostic.code == trap.code
    assert trap.message in diagnostic.message
    if trap.other is not None:
        other = "core {}, instruction {}:".format(*trap.other)
        assert other in diagnostic.notes[0]


def check_ring(run, number, image, copy):
    """The whole copy of a map, and who wrote it."""
    values = run.feature_maps[f"ring {number}"]
    for index in np.ndindex(values.shape):
        at = ORIGIN + PITCH * image + 40 * index[0] + 8 * index[1] + index[2]
        assert values[index] == copy.values[at]
        if index[1:] == (0, 0):
            made = copy.writers[at]
            name = run.writer_of(f"ring {number}", index)
            assert (made is None) == (name == "not written")
            if isinstance(made, Made):
                assert f"core {made.core}, instruction {made.pc}:" in name


@given(
    groups(),
    st.sampled_from([4, 8, 64]),
    st.sampled_from([3, 100]),
    st.integers(1, IMAGES),
    st.tuples(*[st.sampled_from([0, MEMORY, MEMORY, 8])] * 3, st.sampled_from([0, 8])),
)
@settings(max_examples=150)
def test_the_engine_equals_the_reference(group, bus_bytes, mvm, count, pitches):
    store = WeightStore()
    matrix = constant(store, "w", np.ones((16, 16), np.int8))
    cores = [
        program(number, body, credits, matrix, pitches)
        for number, (body, credits) in enumerate(zip(*group, strict=True))
    ]
    values = small_chip(bus_bytes=bus_bytes).model_dump()
    values["timing"]["mvm"]["value"] = mvm
    chip = type(small_chip()).model_validate(values)
    maps = (
        whole_map("in", FILLED, "input"),
        whole_map("all", MEMORY, "intermediate"),
        *map(ring_map, range(CORES)),
    )
    size = IMAGES * MEMORY
    data = encode(module_of(*cores, declarations=maps, memory=size, chip=chip))
    numbers = np.arange(FILLED).reshape(1, 1, -1)
    images = [(numbers * 37 + i).astype(np.uint8) for i in range(count)]
    wanted, memory = expected(decode(data), chip.machine(), images)
    simulator = Simulator(data, store, chip)
    batch = [{"in": image} for image in images]
    if isinstance(wanted, Trap):
        with pytest.raises(VerificationError) as caught:
            simulator.run_batch(batch)
        check_trap(wanted, caught.value.diagnostic)
        return
    for image, run in enumerate(simulator.run_batch(batch)):
        assert run.metrics["cycles"] == wanted[0]
        if wanted[-1] > wanted[0]:
            mean = (wanted[-1] - wanted[0]) / (count - 1)
            assert run.metrics["throughput"]["cycles_per_image"] == mean
        part = memory.values[image * MEMORY : (image + 1) * MEMORY]
        assert run.feature_maps["all"].ravel().tolist() == part
        for number in range(CORES):
            copy = memory.copies[RINGS + number * RING_BYTES]
            check_ring(run, number, image, copy)
