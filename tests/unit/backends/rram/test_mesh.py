"""Transfers on a mesh against numbers worked out by hand."""

import numpy as np
import pytest
from rram_programs import as_map, core, encode, module_of, small_chip

from cimc.backends.rram.chip import Chip
from cimc.backends.rram.isa import CallOp, LoadOp, StoreOp, WaitOp
from cimc.backends.rram.simulator.simulator import Simulator
from cimc.diagnostics import InputError
from cimc.weights import WeightStore

#: rram-small as 2 x 2 cores with 1024 bytes each: 8 B links, memory latency 20, CALL 4,
#: issue 1. Cores 0 and 1 are the first row, 3 and 2 the second.
HOP, BEAT = 3, 2


def mesh(columns: int) -> Chip:
    chip = small_chip(cores=4, mesh_columns=columns, shared_memory_bytes=4096)
    timing = chip.timing.model_copy(
        update={
            "hop": chip.timing.hop.model_copy(update={"value": HOP}),
            "beat": chip.timing.beat.model_copy(update={"value": BEAT}),
        }
    )
    return chip.model_copy(update={"timing": timing})


def run(*cores, columns=2):
    chip = mesh(columns)
    module = module_of(
        *cores, declarations=(as_map("in", 0, 4096, "input"),), chip=chip
    )
    simulator = Simulator(encode(module), WeightStore(), chip)
    return simulator.run({"in": np.ones((1, 1, 4096), np.uint8)}).metrics


def load(address: int, length: int = 16) -> LoadOp:
    return LoadOp(vd=0, base=0, offset=address, count=1, length=length)


@pytest.mark.parametrize(("number", "distance"), [(0, 0), (1, 1), (2, 2), (3, 1)])
def test_a_load_takes_as_many_hops_as_the_bank_is_away(number, distance):
    # 16 bytes are 2 beats of 2 cycles; the head takes 3 from place to place.
    metrics = run(core(number, [load(0)]))
    assert metrics["cycles"] == distance * HOP + 2 * BEAT + 20
    assert metrics["busy"]["bus"] == distance * 2 * BEAT
    assert metrics["energy_pj"]["bus"] == distance * 16 * 1.0


def test_transfers_over_one_link_follow_each_other():
    # Four cores in a row. What core 2 loads from bank 0 takes the link from 1 to 2 at 6
    # to 10, and was asked for first; what core 3 loads from bank 1 is there at 3.
    alone = run(core(3, [load(1024)]), columns=4)["cycles"]
    both = run(core(2, [load(0)]), core(3, [load(1024)]), columns=4)["cycles"]
    assert alone == 2 * HOP + 2 * BEAT + 20
    assert both == 10 + HOP + 2 * BEAT + 20


def test_a_core_sends_its_next_request_when_the_one_before_has_left():
    assert run(core(2, [load(1024), load(0)]))["cycles"] == (
        2 * BEAT + 2 * HOP + 2 * BEAT + 20
    )


def test_transfers_over_different_links_do_not_meet():
    alone = run(core(1, [load(0)]))["cycles"]
    both = run(core(1, [load(0)]), core(3, [load(2048)]))["cycles"]
    assert both == alone


def test_the_port_of_a_bank_serves_one_transfer_at_a_time():
    alone = run(core(1, [load(0)]))["cycles"]
    both = run(core(1, [load(0)]), core(3, [load(0)]))["cycles"]
    assert both == alone + 2 * BEAT


def test_a_call_waits_for_the_slowest_of_earlier_stores():
    # The far store of core 0 is complete after the near one, which it issued later.
    stores = [
        load(0, 16),
        StoreOp(base=0, offset=2048, vs=0, length=16),
        StoreOp(base=0, offset=16, vs=0, length=16),
        CallOp(core=1, s=0, by=1),
    ]
    metrics = run(core(0, stores), core(1, [WaitOp(s=0, by=1), load(2048)]))
    # Value at 24; the far store leaves at 24, is there at 24 + 6 + 4, and complete 20
    # later; then the load: one hop from core 2 to core 1, 2 beats and the latency.
    assert metrics["cycles"] == 24 + 6 + 4 + 20 + 1 + HOP + 2 * BEAT + 20


def test_a_mesh_has_full_rows():
    with pytest.raises(InputError, match="full rows"):
        small_chip(cores=6, mesh_columns=4, shared_memory_bytes=6144)
