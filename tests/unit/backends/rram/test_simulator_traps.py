"""Programs that are wrong, and what the simulator says of them."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from rram_programs import AddOp, as_map, core, encode, module_of, small_chip

from cimc.backends.rram.isa import (
    CallOp,
    CreditOp,
    LoadOp,
    LoopOp,
    ProgramOp,
    RingOp,
    SetOp,
    StepOp,
    StoreOp,
    WaitOp,
)
from cimc.backends.rram.simulator.simulator import Simulator
from cimc.diagnostics import InputError, VerificationError
from cimc.dialects.cim import WeightsRef
from cimc.weights import WeightStore
from tests.support.programs import constant


def simulator(*cores, store=None):
    maps = (
        as_map("x", 0, 64, "input"),
        as_map("y", 64, 64, "output"),
        as_map("z", 128, 64, "output"),
    )
    module = module_of(*cores, declarations=maps, memory=1024)
    return Simulator(encode(module), store or WeightStore(), small_chip())


def run(*cores):
    return simulator(*cores).run({"x": np.arange(64, dtype=np.uint8).reshape(1, 1, -1)})


def load(address, register=0):
    return LoadOp(vd=register, base=0, offset=address, count=1, length=16)


def store(address, register=0):
    return StoreOp(base=0, offset=address, vs=register, length=16)


def trapped(*cores):
    with pytest.raises(VerificationError) as caught:
        run(*cores)
    return caught.value.diagnostic


DELAY = LoopOp([SetOp(a=1, value=0)], count=1000)


def test_address_outside_memory():
    for at in (-1, 1009):
        diagnostic = trapped(core(3, [SetOp(a=0, value=at), load(0)]))
        assert diagnostic.code == "E041"
        assert diagnostic.where == (
            "layer 'layer', core 3, instruction 2: rram.load v0, [a0], 1 x 16"
        )
        assert f"bytes {at} to {at + 16}" in diagnostic.message
    diagnostic = trapped(core(0, [load(0), store(1009)]))
    assert (diagnostic.code, "1009 to 1025" in diagnostic.message) == ("E041", True)
    far = LoadOp(vd=0, base=0, offset=32, count=3, length=4, stride=-20)
    assert trapped(core(0, [far])).code == "E041"


def test_a_segment_must_not_cross_the_end_of_its_ring():
    ring = RingOp(a=0, base=16, size=40, value=64)
    diagnostic = trapped(core(0, [ring, load(8)]))
    assert diagnostic.code == "E041"
    assert diagnostic.message == "bytes 48 to 64 cross the end of their ring"
    second = LoadOp(vd=0, base=0, count=2, length=16, stride=8)
    assert trapped(core(0, [ring.clone(), second])).code == "E041"
    diagnostic = trapped(core(0, [load(0), ring.clone(), store(-39)]))
    assert diagnostic.message == "bytes 41 to 57 cross the end of their ring"
    run(core(0, [ring.clone(), load(0), store(-40)]))
    # A ring that ends where memory does.
    last = RingOp(a=0, base=984, size=40, value=-16)
    run(core(0, [load(0), last, store(0)]))
    assert trapped(core(0, [load(0), last.clone(), store(1)])).code == "E041"


def test_uninitialised_memory_and_registers():
    diagnostic = trapped(core(0, [load(56)]))
    assert diagnostic.code == "E042"
    assert diagnostic.message == (
        "reads byte 64 of shared memory, which nothing has written"
    )
    assert diagnostic.notes == ("byte 64 lies in feature map 'y' of layer 'layer'",)
    diagnostic = trapped(core(0, [load(0), AddOp(vd=1, va=0, vb=0, n=5)]))
    assert diagnostic.message == "reads byte 16 of v0, which nothing has written"


def test_a_race_traps_however_benign_its_timing():
    diagnostic = trapped(
        core(0, [load(0), store(64)]), core(1, [DELAY.clone(), load(64)])
    )
    assert diagnostic.code == "E043"
    assert "reads byte 64" in diagnostic.message
    assert "core 1" in diagnostic.where
    assert diagnostic.notes[0] == (
        "written by layer 'layer', core 0, instruction 2: rram.store [a0 + 64], v0, 16"
    )


def test_a_call_before_the_store_orders_nothing():
    early = [load(0), CallOp(core=1, s=0, by=1), store(64)]
    assert (
        trapped(
            core(0, early), core(1, [WaitOp(s=0, by=1), DELAY.clone(), load(64)])
        ).code
        == "E043"
    )


def test_overwriting_without_order_is_a_race():
    diagnostic = trapped(
        core(0, [load(0), store(64)]), core(1, [load(0), DELAY.clone(), store(64)])
    )
    assert diagnostic.code == "E043"
    assert "overwrites byte 64" in diagnostic.message


def test_reusing_bytes_before_their_reader_is_through_is_a_race():
    reader = [load(0), store(64)]
    writer = [load(16), DELAY.clone(), store(0)]
    diagnostic = trapped(core(0, reader), core(1, writer))
    assert diagnostic.code == "E043"
    assert diagnostic.message == (
        "overwrites byte 0 of shared memory without waiting for its reader"
    )
    assert diagnostic.notes[0].startswith(
        "read by layer 'layer', core 0, instruction 1"
    )
    run(
        core(0, [op.clone() for op in reader] + [CallOp(core=1, s=0, by=1)]),
        core(1, [load(16), WaitOp(s=0, by=1), store(0)]),
    )


@pytest.mark.parametrize("late", [0, 1, 2])
def test_reusing_bytes_before_any_of_their_readers_is_through_is_a_race(late):
    """Three cores read; the one that is late calls before it reads."""
    cores = []
    for number in range(3):
        call = CallOp(core=3, s=number, by=1)
        ops = [call, load(0)] if number == late else [load(0), call]
        # In turn, so that the first reader is not the last one, too.
        wait = [WaitOp(s=9, by=1)] if number else []
        turn = [CallOp(core=number + 1, s=9, by=1)] if number < 2 else []
        cores.append(core(number, [*wait, *ops, *turn]))
    waits = [WaitOp(s=number, by=1) for number in range(3)]
    writer = core(3, [load(16), *waits, DELAY.clone(), store(0)])
    if late < 2:
        # The next core has waited for it, and the writer for that one.
        run(*cores, writer)
        return
    diagnostic = trapped(*cores, writer)
    assert diagnostic.message == (
        "overwrites byte 0 of shared memory without waiting for its reader"
    )
    assert "core 2, instruction 3: rram.load" in diagnostic.notes[0]


@pytest.mark.parametrize("late", [0, 1, 2, None])
def test_every_reader_counts(late):
    """Three cores read without order among them; one may not have called."""
    cores = []
    for number in range(3):
        # Later cores read later: the last reader of the bytes is core 2.
        wait = LoopOp([SetOp(a=1, value=0)], count=1 + 20 * number)
        call = CallOp(core=3, s=number, by=1)
        ops = [call, wait, load(0)] if number == late else [wait, load(0), call]
        cores.append(core(number, ops))
    waits = [WaitOp(s=number, by=1) for number in range(3)]
    writer = core(3, [load(16), *waits, DELAY.clone(), store(0), load(0)])
    if late is None:
        run(*cores, writer)
        return
    diagnostic = trapped(*cores, writer)
    assert "without waiting for its reader" in diagnostic.message
    assert f"core {late}, instruction" in diagnostic.notes[0]


def test_a_write_leaves_no_readers_behind():
    """What read the bytes before an ordered write does not matter to the next."""
    run(
        core(0, [load(0), CallOp(core=1, s=0, by=1)]),
        core(1, [load(16), WaitOp(s=0, by=1), store(0), CallOp(core=2, s=0, by=1)]),
        core(2, [load(32), WaitOp(s=0, by=1), store(0)]),
    )


def test_thousands_of_reads_may_be_remembered():
    turn = LoopOp([load(0)], count=5000)
    cores = [
        core(number, [turn.clone(), CallOp(core=2, s=number, by=1)])
        for number in range(2)
    ]
    waits = [WaitOp(s=number, by=1) for number in range(2)]
    run(*cores, core(2, [load(16), *waits, store(0)]))
    diagnostic = trapped(
        cores[0].clone(),
        core(1, [CallOp(core=2, s=1, by=1), turn.clone()]),
        core(2, [load(16), *(op.clone() for op in waits), DELAY.clone(), store(0)]),
    )
    assert diagnostic.code == "E043"


def test_credits_order_nothing():
    give, take = CreditOp(s=0, count=1), WaitOp(s=0, by=1)
    reader = [load(0), CallOp(core=1, s=0, by=1)]
    writer = [load(16), take, DELAY.clone(), store(0)]
    diagnostic = trapped(core(0, reader), core(1, writer, [give]))
    assert (diagnostic.code, "overwrites byte 0" in diagnostic.message) == (
        "E043",
        True,
    )


def test_all_credits_come_back():
    give, take = CreditOp(s=0, count=2), LoopOp([WaitOp(s=0, by=1)], count=2)
    diagnostic = trapped(core(0, [CallOp(core=1, s=0, by=1)]), core(1, [take], [give]))
    assert diagnostic.code == "E046"
    assert diagnostic.message == (
        "s0 of core 1 ends at 3, its waits expected 2 and its credits are 2"
    )
    run(core(0, [CallOp(core=1, s=0, by=2)]), core(1, [take.clone()], [give.clone()]))
    # Credits that nothing waits for stay.
    run(core(1, [], [give.clone()]))
    diagnostic = trapped(
        core(1, [LoopOp([WaitOp(s=0, by=1)], count=3)], [give.clone()])
    )
    assert diagnostic.code == "E045"
    assert diagnostic.notes[0].endswith("s0 is 2, must reach 3, called by core none")


def test_order_is_transitive():
    result = run(
        core(0, [load(0), store(64), CallOp(core=1, s=0, by=1)]),
        core(1, [WaitOp(s=0, by=1), CallOp(core=2, s=5, by=2)]),
        core(2, [WaitOp(s=5, by=2), load(64), store(128)]),
    )
    assert result.feature_maps["z"].ravel()[:16].tolist() == list(range(16))


def test_a_wait_acquires_only_the_calls_that_it_needs():
    writer = [
        load(0),
        store(64),
        CallOp(core=1, s=0, by=1),
        store(80),
        CallOp(core=1, s=0, by=1),
    ]
    reader = [WaitOp(s=0, by=1), DELAY.clone(), load(80), WaitOp(s=0, by=1)]
    assert trapped(core(0, writer), core(1, reader)).code == "E043"


def test_deadlock_names_its_cycle():
    diagnostic = trapped(
        core(4, [WaitOp(s=0, by=1), CallOp(core=5, s=1, by=1)]),
        core(5, [WaitOp(s=1, by=1), CallOp(core=4, s=0, by=1)]),
        core(6, [WaitOp(s=2, by=3), CallOp(core=4, s=0, by=1)]),
    )
    assert diagnostic.code == "E045"
    assert "core 4 -> core 5 -> core 4" in diagnostic.message
    assert (
        "layer 'layer', core 6, instruction 1: rram.wait s2 += 3: "
        "s2 is 0, must reach 3, called by core none" in diagnostic.notes
    )


def test_unmatched_calls_and_waits():
    diagnostic = trapped(
        core(0, [CallOp(core=1, s=2, by=1), CallOp(core=1, s=2, by=1)]),
        core(1, [WaitOp(s=2, by=1)]),
    )
    assert diagnostic.code == "E046"
    assert diagnostic.message == "s2 of core 1 ends at 2, its waits expected 1"
    assert diagnostic.notes == (
        "last call by layer 'layer', core 0, instruction 2: rram.call core 1, s2 += 1",
    )
    assert trapped(core(0, [CallOp(core=9, s=0, by=1)])).code == "E046"


def test_hundreds_of_calls_may_be_on_their_way():
    result = run(
        core(0, [LoopOp([CallOp(core=1, s=0, by=2)], count=500)]),
        core(1, [WaitOp(s=0, by=1000), load(0), store(64)]),
    )
    assert result.metrics["traffic"]["sync_bytes"] == 2000


def test_writer_of_names_layer_core_and_instruction():
    program = simulator(core(7, [load(0), store(64)]))
    run = program.run({"x": np.zeros((1, 1, 64), np.uint8)})
    assert run.writer_of("y", (0, 0, 15)) == (
        "layer 'layer', core 7, instruction 2: rram.store [a0 + 64], v0, 16"
    )
    assert run.writer_of("y", (0, 0, 16)) == "not written"
    assert run.writer_of("x", (0, 0, 0)).startswith("written by the host")


def test_one_simulator_serves_many_threads():
    turn = [load(0), store(64), StepOp(a=0, by=16)]
    program = simulator(core(0, [LoopOp(turn, count=3)]))
    images = [np.full((1, 1, 64), i, np.uint8) for i in range(32)]
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda image: program.run({"x": image}), images))
    assert [int(r.feature_maps["y"][0, 0, 0]) for r in results] == list(range(32))
    assert all(r.metrics == results[0].metrics for r in results)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, r"takes inputs \['x'\], not \[\]"),
        ({"x": np.zeros((1, 64, 1), np.uint8)}, r"takes uint8\(1, 1, 64\)"),
        ({"x": np.zeros((1, 1, 64), np.float32)}, r"is float32"),
        ({"x": np.full((1, 1, 64), 256)}, "leaves the range of uint8"),
    ],
)
def test_unfit_inputs(inputs, message):
    with pytest.raises(InputError, match=message) as caught:
        simulator(core(0, [])).run(inputs)
    assert caught.value.diagnostic.code == "E025"


def program_block(matrix, **fields):
    values = {"row": 0, "rows": 4, "column": 0, "columns": 4} | fields
    return core(0, [], [ProgramOp(xb=0, matrix=matrix, **values)])


def test_unfit_constants():
    weights = WeightStore()
    good = constant(weights, "w", np.zeros((4, 4), np.int8))
    wide = constant(weights, "wide", np.zeros((4, 4), np.int32))
    simulator(program_block(good), store=weights)
    for block, code in (
        (program_block(good, row=1), "E026"),
        (program_block(wide), "E026"),
        (program_block(WeightsRef.of("missing", "00")), "E012"),
    ):
        with pytest.raises(InputError) as caught:
            simulator(block, store=weights)
        assert caught.value.diagnostic.code == code


def test_the_chip_must_be_the_one_compiled_for():
    data = encode(module_of(core(0, [])))
    with pytest.raises(InputError, match="E022"):
        Simulator(data, WeightStore(), small_chip(bus_bytes=16))
