"""Words with an offset and domains that move: two simulators, one machine."""

from __future__ import annotations

import numpy as np
import onnx.printer
import pytest
from hypothesis import assume, event, given, note, settings
from hypothesis import strategies as st
from xdsl.dialects.builtin import ModuleOp

import cimc
from cimc.backends.racetrack import isa
from cimc.backends.racetrack.cells import CELLS
from cimc.backends.racetrack.chip import CHIPS
from cimc.backends.racetrack.dialect import (
    ArraysOp,
    BankOp,
    FeatureMapOp,
    LayerOp,
    SectionOp,
)
from cimc.backends.racetrack.instruction_set import ISA
from cimc.backends.racetrack.machine import CHIP
from cimc.backends.racetrack.simulator.domain_tracks import OVERHEAD, Tracks, Trap
from cimc.backends.racetrack.simulator.domains import DomainSimulator
from cimc.backends.racetrack.simulator.simulator import Simulator
from cimc.context import CompilationContext
from cimc.diagnostics import DoesNotFitError, VerificationError
from cimc.dialects.cim import WeightsRef
from cimc.driver.passes import parse_passes, run_passes
from cimc.driver.session import Session
from cimc.interpreters import tile
from cimc.isa.codec import encode
from cimc.isa.program import linearise
from cimc.target import get_target
from cimc.weights import WeightStore
from tests.properties.networks import Limits, networks
from tests.properties.test_every_level import Reference
from tests.support.shipped import MODELS, images

RACETRACK_TARGET = get_target("racetrack")
FIDELITIES = {"lane": Simulator, "domain": DomainSimulator}

TINY = {"domains": 8, "vector_register_bytes": 128, "line_buffer_bytes": 1024}


@st.composite
def chips(draw, cell):
    """Chips of a few tracks; times and energies are those of a preset."""
    chip = CHIPS.load(draw(st.sampled_from(["mu-64", "rtsim-64k", "destiny-4k"])))
    word_bits = draw(st.sampled_from([8, 16, 32]))
    return chip.with_structure(
        **TINY,
        cell=cell,
        ports=draw(st.sampled_from([1, 2, 4])),
        lanes=draw(st.integers(2, 4)),
        banks=draw(st.integers(1, 3)),
        arrays_per_bank=draw(st.sampled_from([1, 2, 8])),
        word_bits=word_bits,
        tracks=word_bits + draw(st.sampled_from([0, 3])),
        weight_bits=draw(st.sampled_from([4, 8])),
        accumulator_bits=draw(st.sampled_from([24, 32])),
        port_policy=draw(st.sampled_from(["static", "nearest"])),
        port_update=draw(st.sampled_from(["lazy", "eager"])),
        link_bytes=draw(st.sampled_from([1, 8])),
        vector_lanes=draw(st.sampled_from([1, 4])),
    )


def assert_agree(lane, domain):
    """Values, shifts, cycles and instructions exactly; energies up to rounding."""
    assert lane.feature_maps.keys() == domain.feature_maps.keys()
    for tensor, values in lane.feature_maps.items():
        np.testing.assert_array_equal(domain.feature_maps[tensor], values, tensor)
    for key in ("cycles", "shifts", "instructions", "time_ns"):
        assert domain.metrics[key] == lane.metrics[key], key
    assert domain.metrics["energy_pj"] == pytest.approx(
        lane.metrics["energy_pj"], rel=1e-9
    )


@pytest.mark.parametrize("cell", CELLS)
@given(data=st.data())
@settings(max_examples=70)
def test_both_fidelities_run_a_network_alike(cell, data):
    chip = data.draw(chips(cell))
    limits = Limits((4, 5, 5), 4, 3, 2, chip.structure.weight_bits)
    model = data.draw(networks(limits))
    note(onnx.printer.to_text(model))
    note(str(chip.structure))
    reference = Reference(model)
    module, weights = reference.model.module, reference.model.weights
    RACETRACK_TARGET.attach_chip(module, chip)
    context = CompilationContext(weights=weights)
    try:
        for pass_ in parse_passes(RACETRACK_TARGET.pipeline(chip, "latency")):
            if pass_.name == "convert-tile-to-racetrack":
                expected = tile.interpret(module, weights, reference.inputs)
            run_passes(module, context, [pass_])
    except DoesNotFitError as error:
        event(error.diagnostic.code)
        assume(False)
    program = RACETRACK_TARGET.encode(module)
    lane, domain = (
        simulator(program, weights, chip).run(reference.inputs)
        for simulator in FIDELITIES.values()
    )
    assert_agree(lane, domain)
    for tensor, values in domain.feature_maps.items():
        np.testing.assert_array_equal(values, expected[tensor], tensor)
    reference.check(domain.feature_maps, "the domain level")
    event(f"shifts: {domain.metrics['shifts']['total'] > 0}")
    banks = [op for op in module.ops if isinstance(op, BankOp)]
    event(f"banks: {len(banks)}")
    main = [line.op for bank in banks for line in linearise(bank.main)]
    event(f"reloads: {any(isinstance(op, isa.ProgramOp) for op in main)}")
    event(f"MACs: {any(isinstance(op, isa.MacOp) for op in main)}")


def test_both_fidelities_run_lenet_alike():
    artifact = cimc.compile(MODELS / "lenet5_int8.onnx", target="racetrack")
    lane, domain = (
        Session(artifact, fidelity).simulate(images(artifact, "lenet5", 1).feeds[0])
        for fidelity in FIDELITIES
    )
    assert_agree(lane, domain)


SMALL = CHIPS.load("mu-64").with_structure(
    domains=8,
    ports=2,
    lanes=2,
    banks=3,
    arrays_per_bank=2,
    accumulator_bits=20,
    vector_register_bytes=64,
    line_buffer_bytes=64,
)
NEAREST = SMALL.with_structure(port_policy="nearest")

STORE = WeightStore()


def constant(name, array):
    return WeightsRef.of(name, STORE.add(name, array))


MATRIX = constant("matrix", np.array([[-128, 127], [3, -5]], np.int8))
ORDER = constant("order", np.array([-1, 0, -1, -1, -1, 1, -1, -1], np.int32))
PROGRAM = isa.ProgramOp(
    w=0, matrix=MATRIX, row=0, rows=2, column=0, columns=2, order=ORDER
)


def fields(op, **values):
    """An instruction whose fields are 0 unless given."""
    names = op.fields()
    zeros = {n: 0 for n, f in names.items() if f.default is None}
    return op(**{**zeros, **values})


def outcome(simulator, mains, setup=(), chip=SMALL, sections=True):
    """What a simulator makes of a program: a simulation, or the number of a trap.

    Array m{b} lies in bank b and has words of two bytes; m3 and m4 are an input, row
    by row, in bank 0.
    """
    arrays = [
        ArraysOp(first=bank, count=1, width=2, bank=bank)
        for bank in range(chip.structure.banks)
    ]
    input_ = FeatureMapOp(
        tensor="x",
        layer="layer",
        copy=0,
        first=3,
        height=2,
        width=8,
        channel=0,
        channels=2,
        total=2,
        element="ui8",
        role="input",
    )
    banks: list[BankOp] = []
    for number, main in enumerate(mains):
        body = [op.clone() for op in main]
        if sections:
            body = [SectionOp(body, layer="layer")]
        banks.append(BankOp([op.clone() for op in setup], body, number=number))
    module = ModuleOp(
        [
            *arrays,
            ArraysOp(first=3, count=2, width=2, bank=0),
            input_,
            LayerOp(layer="layer", kind="conv", macs=1),
            *banks,
        ]
    )
    CHIP.attach(module, chip.machine())
    image = np.arange(32, dtype=np.uint8).reshape(2, 8, 2)
    try:
        return simulator(encode(ISA, module), STORE, chip).run({"x": image})
    except VerificationError as error:
        return error.diagnostic.code


def both(*mains, **options):
    """What both fidelities make of a program, which must be the same."""
    lane, domain = (
        outcome(simulator, mains, **options) for simulator in FIDELITIES.values()
    )
    if isinstance(lane, str) or isinstance(domain, str):
        assert lane == domain
    else:
        assert_agree(lane, domain)
    return domain


def shift_map(by, m=3):
    return fields(isa.MapShiftOp, m=m, by=by)


def shift(by):
    return fields(isa.ShiftOp, by=by)


def read(domain, **values):
    return fields(isa.ReadOp, **{"m": 3, "domain": domain, "length": 2, **values})


LOAD = [
    fields(isa.FillOp, length=64, value=-3),
    fields(isa.LoadOp, count=1, length=32),
]
MAC = fields(isa.MacOp, domain=1, count=2, n=2)
UNSIGNED = fields(isa.MacOp, domain=1, count=2, n=2, unsigned=True)


@pytest.mark.parametrize(
    ("chip", "lowest", "highest"), [(SMALL, 0, 3), (NEAREST, -3, 6)]
)
@pytest.mark.parametrize("move", [shift, shift_map])
def test_a_shift_beyond_the_overhead_traps(chip, lowest, highest, move):
    there_and_back = [move(highest), move(lowest - highest), move(-lowest)]
    steps = both(there_and_back, chip=chip).metrics["shifts"]["total"]
    assert steps == 2 * (highest - lowest)
    for too_far in (highest + 1, lowest - 1):
        assert both([move(too_far)], chip=chip) == "E047"


def test_shifts_outside_of_sections_count():
    found = both([shift(2), shift(-2)], sections=False)
    assert found.metrics["shifts"]["total"] == 4


def test_an_array_that_does_not_come_home_traps():
    assert both([shift_map(1)]) == "E049"
    assert both([PROGRAM]) == "E049"
    both([PROGRAM, shift(-1)])


@pytest.mark.parametrize(
    ("chip", "offset", "domain", "aligned"),
    [
        (SMALL, 0, 0, True),
        (SMALL, 0, 4, True),
        (SMALL, 0, 1, False),
        (SMALL, 0, 8, False),
        (SMALL, 0, -4, False),
        (SMALL, 3, 7, True),
        (SMALL, 3, 4, False),
        (NEAREST, -3, 1, True),
        (NEAREST, -3, 0, False),
        (NEAREST, -3, -3, False),
        (NEAREST, 6, 6, True),
        (NEAREST, 6, 2, False),
    ],
)
def test_a_port_must_stand_over_the_domain(chip, offset, domain, aligned):
    found = both(
        [shift_map(offset), read(domain), shift_map(-offset)],
        chip=chip,
    )
    assert (found != "E048") == aligned


def test_products_need_ports_over_all_their_domains():
    both([shift(1), *LOAD, MAC, shift(-1)], setup=[PROGRAM])
    assert both([*LOAD, MAC], setup=[PROGRAM]) == "E048"
    assert both([shift(1), PROGRAM]) == "E048"


@pytest.mark.parametrize(
    ("number", "main"),
    [
        ("E041", [read(0, m=5)]),
        ("E041", [fields(isa.SetOp, value=-1), read(0, m=0, base=0)]),
        ("E041", [*LOAD, fields(isa.WriteOp, m=1, length=2)]),
        ("E041", [*LOAD, fields(isa.WriteOp, m=0, length=1)]),
        ("E041", [read(0, first=1)]),
        ("E041", [read(0, offset=63)]),
        ("E041", [read(0, offset=-1)]),
        ("E041", [fields(isa.FillOp, offset=1, length=64)]),
        ("E041", [fields(isa.SlideOp, length=63, by=2)]),
        ("E041", [*LOAD, shift(1), fields(isa.MacOp, count=2, n=2, source=63)]),
        ("E041", [fields(isa.ShiftOp, w=2)]),
        ("E042", [read(0, m=0)]),
        ("E042", [fields(isa.LoadOp, count=1, length=1)]),
        ("E042", [fields(isa.WriteOp, length=2)]),
        ("E042", [shift(1), MAC]),
        ("E042", [*LOAD, shift(1), fields(isa.MacOp, w=1, count=1, n=2)]),
        ("E042", [*LOAD, fields(isa.MacOp, count=1, n=2)]),
        ("E042", [fields(isa.VECTOR.add, n=1)]),
        ("E044", [*LOAD, shift(1), fields(isa.ClearOp, n=2), *[UNSIGNED] * 20]),
        ("E045", [fields(isa.WaitOp, by=1)]),
        ("E046", [fields(isa.CallOp, by=1)]),
    ],
)
def test_both_refuse_what_the_machine_cannot_do(number, main):
    assert both(main, setup=[PROGRAM]) == number


def test_accumulators_have_a_width():
    """Sums of more than 20 bits are refused wherever they come from."""
    wide = [
        fields(isa.FillOp, length=64, value=127),
        fields(isa.LoadOp, count=1, length=32),
        fields(isa.VECTOR.sum, vd=1, vs=0, segments=1, n=2),
    ]
    both([*wide, fields(isa.LoadSumsOp, vs=1, n=2)])
    doubled = [fields(isa.VECTOR.add, vd=1, va=1, vb=1, n=2)] * 13
    for op in (isa.LoadSumsOp, isa.AddSumsOp):
        main = [*wide, *doubled, fields(isa.ClearOp, n=2), fields(op, vs=1, n=2)]
        assert both(main) == "E044"


def test_weights_are_stored_anew():
    """PROGRAM in main leaves nothing of the array's old contents to multiply with."""
    again = isa.ProgramOp(
        w=0,
        matrix=MATRIX,
        row=1,
        rows=1,
        column=1,
        columns=1,
        order=constant("last", np.array([-1] * 7 + [0], np.int32)),
    )
    one = fields(isa.MacOp, domain=7, count=1, n=1)
    main = [*LOAD, again, fields(isa.ClearOp, n=2), one, shift(-3)]
    both(main, setup=[PROGRAM])
    stale = fields(isa.MacOp, domain=5, count=1, n=1)
    main = [*LOAD, again, shift(-2), fields(isa.ClearOp, n=2), stale, shift(-1)]
    assert both(main, setup=[PROGRAM]) == "E042"


def test_a_domain_that_is_pushed_off_the_end_is_lost():
    machine = SMALL.machine()
    tracks = Tracks("m0", machine, 1, 16)
    for domain in range(8):
        bits = np.unpackbits(np.array([domain + 1], np.uint8), bitorder="little")
        tracks.write(tracks.position(domain), bits, "")
    tracks.shift(3)
    assert tracks.step(up=True) == 0
    assert tracks.step(up=True) == 1
    for _ in range(5):
        assert tracks.step(up=False) == OVERHEAD
    words = np.packbits(tracks.bits[:, :8], axis=1, bitorder="little").ravel()
    home = tracks.ports[0]
    assert words[home : home + 8].tolist() == [0, 0, 3, 4, 5, 6, 7, 8]
    with pytest.raises(Trap, match="domain 0"):
        tracks.under_port(0)
    assert tracks.under_port(4) == tracks.ports[1]
