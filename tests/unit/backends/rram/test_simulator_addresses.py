"""What bytes instructions reach: strides, rings, walks, and maps in rings."""

import numpy as np
from rram_programs import as_map, core, encode, module_of, simulate, small_chip

from cimc.backends.rram.dialect import FeatureMapOp
from cimc.backends.rram.isa import (
    LoadOp,
    LoopOp,
    NextOp,
    RingOp,
    SetOp,
    StepOp,
    StoreOp,
    WalkOp,
)
from cimc.backends.rram.simulator.simulator import Simulator
from cimc.weights import WeightStore


def test_strided_load_packs_segments_at_an_offset():
    memory = np.arange(200, dtype=np.uint8)
    main = [
        LoadOp(vd=0, base=0, count=3, length=4, stride=20),
        LoadOp(vd=0, dest=12, base=0, offset=100, count=2, length=2, stride=-10),
        StoreOp(base=0, offset=512, vs=0, source=2, length=14),
    ]
    got = simulate(module_of(core(0, main)), memory, WeightStore())[512:526]
    expected = [0, 1, 2, 3, 20, 21, 22, 23, 40, 41, 42, 43, 100, 101, 90, 91]
    assert got.tolist() == expected[2:]


def test_segments_wrap_around_a_ring_one_by_one():
    memory = np.arange(64, dtype=np.uint8)
    main = [
        RingOp(a=1, base=16, size=24, value=-8),
        LoadOp(vd=0, base=1, offset=-8, count=6, length=4, stride=8),
        StoreOp(base=0, offset=512, vs=0, length=24),
        # The register counts on, the bytes come round again.
        StoreOp(base=1, offset=24 * 1000, vs=0, length=8),
        LoadOp(vd=0, base=0, offset=32, count=1, length=8),
        StoreOp(base=0, offset=536, vs=0, length=8),
    ]
    got = simulate(module_of(core(0, main)), memory, WeightStore())[512:544]
    starts = [24, 32, 16, 24, 32, 16]
    expected = [at + byte for at in starts for byte in range(4)]
    assert got.tolist() == [*expected, *expected[:8]]


def test_set_leaves_a_ring_and_step_stays_in_it():
    memory = np.arange(64, dtype=np.uint8)
    main = [
        RingOp(a=1, base=16, size=24, value=0),
        StepOp(a=1, by=32),
        LoadOp(vd=0, base=1, count=1, length=8),
        SetOp(a=1, value=48),
        LoadOp(vd=0, dest=8, base=1, count=1, length=8),
        StoreOp(base=0, offset=512, vs=0, length=16),
    ]
    got = simulate(module_of(core(0, main)), memory, WeightStore())[512:528]
    assert got.tolist() == [*range(24, 32), *range(48, 56)]


def test_a_map_in_a_ring_is_seen_as_a_whole():
    """Rows of 3 pixels of 4 bytes and a halo of one; memory has two rows and a half."""
    ring = {"base": 512, "size": 40}
    fields = {"ring_base": 512, "ring_size": 40, "element": "i8"}
    kept = FeatureMapOp(
        tensor="kept",
        layer="layer",
        address=512 + 16 + 4,
        height=5,
        width=3,
        channels=4,
        row_stride=16,
        column_stride=4,
        role="intermediate",
        **fields,
    )
    body = [
        LoadOp(vd=0, base=0, count=1, length=4),
        NextOp(a=0),
        StoreOp(base=1, offset=20, vs=0, length=4),
        NextOp(a=1),
    ]
    main = [
        WalkOp(a=0, columns=60, column=0, step=4, jump=0),
        RingOp(a=1, value=0, **ring),
        WalkOp(a=1, columns=3, column=0, step=4, jump=4),
        LoopOp(body, count=15),
        # Beyond the last row, and before the first, the map has no elements.
        StoreOp(base=1, offset=4000, vs=0, length=4),
        StoreOp(base=1, offset=-4000, vs=0, length=4),
    ]
    maps = (as_map("x", 0, 60, "input"), kept)
    data = encode(module_of(core(3, main), declarations=maps, memory=552))
    image = np.arange(100, 160, dtype=np.uint8)
    run = Simulator(data, WeightStore(), small_chip()).run(
        {"x": image.reshape(1, 1, -1)}
    )
    assert (run.feature_maps["kept"] == image.view(np.int8).reshape(5, 3, 4)).all()
    assert run.writer_of("kept", (4, 2, 3)).endswith("rram.store [a1 + 20], v0, 4")


def test_what_no_register_of_its_ring_stored_is_not_seen():
    kept = as_map("kept", 512, 8, "intermediate")
    fields = {**kept.values, "ring_base": 512, "ring_size": 8}
    main = [
        LoadOp(vd=0, base=0, count=1, length=8),
        StoreOp(base=0, offset=512, vs=0, length=4),
        RingOp(a=1, base=512, size=8, value=4),
        StoreOp(base=1, vs=0, length=4),
    ]
    maps = (as_map("x", 0, 8, "input"), FeatureMapOp(**fields))
    data = encode(module_of(core(0, main), declarations=maps))
    image = np.arange(1, 9, dtype=np.uint8).reshape(1, 1, -1)
    run = Simulator(data, WeightStore(), small_chip()).run({"x": image})
    assert run.feature_maps["kept"].ravel().tolist() == [0, 0, 0, 0, 1, 2, 3, 4]
    assert run.writer_of("kept", (0, 0, 3)) == "not written"
