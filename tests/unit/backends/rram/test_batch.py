"""Batches: which image a core works on, what begins anew with it, and what lives on."""

import numpy as np
import pytest
from rram_programs import core, encode, from_text, module_of, small_chip
from xdsl.utils.exceptions import VerifyException

from cimc.backends.rram.check import check_program
from cimc.backends.rram.cost import static_metrics
from cimc.backends.rram.dialect import FeatureMapOp, FeatureMapsOp
from cimc.backends.rram.isa import (
    CallOp,
    CreditOp,
    LoadOp,
    MvmOp,
    ProgramOp,
    RingOp,
    SetOp,
    SlotOp,
    StepOp,
    StoreOp,
    WaitOp,
)
from cimc.backends.rram.simulator.simulator import Simulator
from cimc.diagnostics import InputError, VerificationError
from cimc.weights import WeightStore
from tests.support.programs import constant

IMAGES = 3


def maps(name: str, address: int, size: int, role: str, **more: int) -> FeatureMapsOp:
    """Maps of one row and ``size`` channels, one behind the other."""
    return FeatureMapsOp(
        tensor=name, layer="layer", address=address, height=1, width=1, channels=size,
        row_stride=size, column_stride=size, element="ui8", role=role,
        **{"images": IMAGES, "pitch": size, **more},
    )  # fmt: skip


def inputs(count: int, size: int = 8) -> list[dict[str, np.ndarray]]:
    random = np.random.default_rng(0)
    return [
        {"x": random.integers(0, 256, (1, 1, size), np.uint8)} for _ in range(count)
    ]


def simulator(module, store: WeightStore | None = None) -> Simulator:
    return Simulator(encode(module), store or WeightStore(), small_chip())


def through_a_ring(credit: int) -> Simulator:
    """x goes to y through a ring of two images; the second core is slower."""
    first = core(
        0,
        [
            SlotOp(a=0, pitch=8),
            LoadOp(vd=0, base=0, count=1, length=8),
            WaitOp(s=0, by=1),
            RingOp(a=1, base=64, size=16, value=0),
            SlotOp(a=1, pitch=8),
            StoreOp(base=1, vs=0, length=8),
            CallOp(core=1, s=0, by=1),
        ],
        [CreditOp(s=0, count=credit)],
    )
    second = core(
        1,
        [
            WaitOp(s=0, by=1),
            RingOp(a=0, base=64, size=16, value=0),
            SlotOp(a=0, pitch=8),
            LoadOp(vd=0, base=0, count=1, length=8),
            CallOp(core=0, s=0, by=1),
            SetOp(a=1, value=128),
            SlotOp(a=1, pitch=8),
            StoreOp(base=1, vs=0, length=8),
        ],
    )
    places = (
        maps("x", 0, 8, "input"),
        maps("ring", 64, 8, "intermediate", ring_base=64, ring_size=16),
        maps("y", 128, 8, "output"),
    )
    return simulator(module_of(first, second, declarations=places))


def test_images_go_through_a_ring_one_after_another():
    images = inputs(IMAGES)
    runs = through_a_ring(2).run_batch(images)
    for image, run in zip(images, runs, strict=True):
        for tensor in ("x", "ring", "y"):
            np.testing.assert_array_equal(run.feature_maps[tensor], image["x"])
        assert "core 0" in run.writer_of("ring", (0, 0, 3))
        assert "core 1" in run.writer_of("y", (0, 0, 3))


def test_a_core_that_is_not_held_back_overwrites_the_first_image():
    with pytest.raises(VerificationError) as caught:
        through_a_ring(3).run_batch(inputs(IMAGES))
    assert caught.value.diagnostic.code == "E043"


def test_credits_are_given_once_a_batch():
    # With a single one the second image waits until the first has been read.
    fast, slow = (
        through_a_ring(credit).run_batch(inputs(IMAGES))[0].metrics["throughput"]
        for credit in (2, 1)
    )
    assert fast["cycles_per_image"] < slow["cycles_per_image"]


def test_what_a_batch_takes_on_average():
    simulator = through_a_ring(2)
    alone = simulator.run(inputs(1)[0]).metrics
    together = simulator.run_batch(inputs(IMAGES))[0].metrics
    assert simulator.batch == IMAGES
    assert "throughput" not in alone
    assert together["cycles"] >= alone["cycles"]
    assert together["throughput"]["images"] == IMAGES
    assert together["throughput"]["cycles_per_image"] < alone["cycles"]
    for key in ("instructions", "traffic"):
        assert together[key] == alone[key]


def test_address_registers_begin_at_zero_with_each_image():
    main = [
        LoadOp(vd=0, base=1, count=1, length=8),
        StepOp(a=1, by=64),
        StoreOp(base=1, vs=0, length=8),
    ]
    places = (maps("x", 0, 8, "input"),)
    module = module_of(core(0, main), declarations=places, memory=72)
    simulator(module).run_batch(inputs(IMAGES))


@pytest.mark.parametrize("count", [0, IMAGES + 1])
def test_a_batch_of_another_size_is_refused(count):
    with pytest.raises(InputError) as caught:
        through_a_ring(2).run_batch(inputs(count))
    assert caught.value.diagnostic.code == "E025"
    assert f"1 to {IMAGES} images" in caught.value.diagnostic.message


def test_all_maps_are_of_one_batch():
    one = FeatureMapOp(
        tensor="y", layer="layer", address=64, height=1, width=1, channels=8,
        row_stride=8, column_stride=8, element="ui8", role="output",
    )  # fmt: skip
    stop = core(0, [SetOp(a=0, value=0)])
    module = module_of(stop, declarations=(maps("x", 0, 8, "input"), one))
    with pytest.raises(VerifyException, match="RRAM-12"):
        check_program(module)


def test_all_images_lie_in_memory():
    stop = core(0, [SetOp(a=0, value=0)])
    module = module_of(stop, declarations=(maps("x", 4096 - 16, 8, "input"),))
    with pytest.raises(VerifyException, match=r"RRAM-8.*ends at 4104"):
        check_program(module)


def test_text_and_bytes_of_a_batch():
    module = module_of(
        core(0, [SlotOp(a=3, pitch=4096)]), declarations=(maps("x", 0, 8, "input"),)
    )
    text = str(module)
    assert 'rram.feature_maps "x"' in text
    assert "ui8 input images 3 pitch 8" in text
    assert "rram.slot a3, 4096" in text
    assert str(from_text(text)) == text


def test_the_busiest_unit_bounds_the_throughput():
    store = WeightStore()
    block = constant(store, "w", np.zeros((16, 16), np.int8))
    program = ProgramOp(xb=1, matrix=block, row=0, rows=16, column=0, columns=16)
    main = [
        LoadOp(vd=0, base=0, count=2, length=8),
        MvmOp(vd=1, xb=1, vs=0),
        MvmOp(vd=2, xb=1, vs=0),
    ]
    module = module_of(
        core(7, main, [program]), declarations=(maps("x", 0, 16, "input"),)
    )
    chip = small_chip()
    metrics = static_metrics(module, chip)
    assert metrics["batch"] == IMAGES
    assert metrics["throughput_bound"] == {
        "cycles": 2 * chip.machine().mvm_cycles,
        "what": "crossbar xb1 of core 7",
    }
