import dataclasses

import pytest
import yaml
from xdsl.dialects.builtin import ModuleOp

from cimc.backends.racetrack.chip import CHIPS, Chip
from cimc.backends.racetrack.machine import CHIP, RacetrackMachine
from cimc.diagnostics import InputError

MU_64 = CHIPS.load("mu-64")


def machine(**sizes) -> RacetrackMachine:
    return MU_64.with_structure(**sizes).machine()


@pytest.mark.parametrize("name", CHIPS.names())
def test_presets_carry_provenance_and_survive_yaml(name):
    chip = CHIPS.load(name)
    assert chip.name == name
    values = yaml.safe_load(chip.to_yaml())
    assert Chip.model_validate(values) == chip
    parts = [values[part] for part in ("timing", "energy", "area")]
    for group in (*parts, {"clock": values["clock"]}):
        for quantity in group.values():
            assert quantity["status"] in ("read", "recalled", "assumed")
            assert quantity["source"]


@pytest.mark.parametrize("name", CHIPS.names())
def test_a_column_block_of_lenet_fits_a_bank_of_each_preset(name):
    structure = CHIPS.load(name).structure
    assert structure.arrays_per_bank * structure.domains >= 400
    assert structure.buffer_macro_units >= 32768


@pytest.mark.parametrize(("name", "kib"), [("destiny-4k", 4), ("rtsim-64k", 64)])
def test_a_bank_holds_what_the_name_says(name, kib):
    structure = CHIPS.load(name).structure
    row_bits = structure.lanes * structure.weight_bits
    bits = row_bits * structure.domains * structure.arrays_per_bank
    assert bits == kib * 1024 * 8


def test_presets_hold_the_numbers_of_their_sources():
    rtsim, destiny, spimulator = map(
        CHIPS.load, ("rtsim-64k", "destiny-4k", "spimulator")
    )
    for chip, cycles, status in [
        (rtsim, (3, 2, 5), "read"),
        (destiny, (1, 1, 2), "recalled"),
        (spimulator, (2, 17, 21), "read"),
    ]:
        times = (chip.timing.shift, chip.timing.read, chip.timing.write)
        assert tuple(time.value for time in times) == cycles
        assert {time.status for time in times} == {status}
    for chip, word in [(rtsim, (19.5, 80.1, 109)), (destiny, (1.86, 2.54, 3.94))]:
        bits = (chip.energy.shift, chip.energy.read, chip.energy.write)
        assert tuple(32 * bit.value for bit in bits) == pytest.approx(word)
    macro_units = 16 * destiny.energy.leakage_macro_unit.value
    bank = destiny.energy.leakage_bank.value
    assert bank + macro_units == pytest.approx(8.94, rel=1e-3)


def test_only_the_sizes_change_between_weights_of_8_and_4_bits():
    other = CHIPS.load("mu-64-w4")
    assert other.structure == MU_64.with_structure(weight_bits=4).structure
    assert other.timing == MU_64.timing


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("structure: {ports: 3}", "ports: 3 ports per track do not divide 64 domains"),
        (
            "structure: {ports: 96, port_scope: macro-unit}",
            "ports: 3 ports per track do not divide 64 domains",
        ),
        (
            "structure: {ports: 16, port_scope: macro-unit}",
            "ports: 16 ports of a macro unit are no multiple of its 32 tracks",
        ),
        ("structure: {ports: 0}", r"structure\.ports: .*greater than or equal to 1"),
        (
            "structure: {word_bits: 40}",
            "structure: word_bits: 40 is wider than the 32 tracks of a macro unit",
        ),
        (
            "structure: {word_bits: 4}",
            "weight_bits: 8 is wider than a word of 4 bits",
        ),
        ("structure: {weight_bits: 1}", r"weight_bits: .*greater than or equal to 2"),
        ("structure: {weight_bits: 9}", r"weight_bits: .*less than or equal to 8"),
        (
            "structure: {accumulator_bits: 15}",
            "accumulator_bits: 15 is less than the 16 bits of a product",
        ),
        (
            "structure: {accumulator_bits: 33}",
            r"accumulator_bits: .*less than or equal to 32",
        ),
        (
            "structure: {cell: foo}",
            "cell: there is no cell 'foo', one of ripple, booth, transverse-read",
        ),
        (
            "structure: {lanes: 513}",
            "vector_register_bytes: 2048 must hold .* at least 2052",
        ),
        (
            "structure: {domains: 4095, ports: 1}",
            "vector_register_bytes: 2048 must hold .* at least 4095",
        ),
        (
            "structure: {vector_register_bytes: 258}",
            "vector_register_bytes: .*multiple of 4",
        ),
        ("structure: {vector_registers: 257}", "vector_registers: .*or equal to 256"),
        ("structure: {port_policy: dynamic}", "port_policy: .*'static' or 'nearest'"),
        ("structure: {port_update: never}", "port_update: .*'lazy' or 'eager'"),
        ("structure: {lane: 1}", "structure.lane: .* did you mean lanes"),
        ("timing: {shift: {unit: ns}}", "timing.shift.unit: .*cycles"),
        ("energy: {shift: {value: -1}}", "energy.shift.value: .*or equal to 0"),
        ("area: {port: {unit: mm2}}", "area.port.unit: .*um2"),
        ("clock: {value: 0}", "clock.value: .*greater than 0"),
    ],
)
def test_unfit_descriptions_name_field_and_bound(tmp_path, text, message):
    path = tmp_path / "chip.yaml"
    path.write_text(f"extends: mu-64\n{text}")
    with pytest.raises(InputError, match=message) as caught:
        CHIPS.load(str(path))
    assert caught.value.diagnostic.code == "E021"
    assert caught.value.diagnostic.where == str(path)


@pytest.mark.parametrize("name", list(type(MU_64.timing).model_fields))
@pytest.mark.parametrize("cycles", [0, -1])
def test_nothing_takes_no_time(name, cycles):
    with pytest.raises(InputError, match=rf"timing\.{name}\.value: .*equal to 1"):
        CHIPS.changed(MU_64, "timing", {name: {"value": cycles}})


def test_all_misfits_are_named_at_once():
    with pytest.raises(InputError, match=r"ports: 3 .*word_bits: 40 "):
        MU_64.with_structure(ports=3, word_bits=40)


def test_the_scope_of_ports_is_resolved():
    per_unit = MU_64.with_structure(ports=128, port_scope="macro-unit")
    assert per_unit.machine() == MU_64.machine()


def test_time_and_energy_of_a_mac_follow_from_the_steps_of_its_cell():
    # Booth, 8-bit weights: 64 sense, 76 gate, 72 write, 134 shift (cells/README.md).
    assert MU_64.machine().mac_cycles == MU_64.mac_cycles() == 64 + 76 + 72 + 134
    assert MU_64.mac_energy() == pytest.approx(
        {"sense": 64 * 0.04, "write": 72 * 0.06, "mac": 76 * 0.005, "shift": 134 * 0.06}
    )
    # Four bits: 44, 54, 52, 98.
    assert CHIPS.load("mu-64-w4").mac_cycles() == 44 + 54 + 52 + 98
    # Transverse, 8 bits: 40, 64, 48, 92, then 32 transverse reads and 224 writes.
    spimulator = CHIPS.load("spimulator")
    memory = 40 * 17 + 64 * 1 + 48 * 21 + 92 * 2
    assert spimulator.mac_cycles() == memory + 32 * 17 + 224 * 23
    transverse = 64 * 0.005 + 32 * 0.04 + 224 * 0.12
    assert spimulator.mac_energy()["mac"] == pytest.approx(transverse)


@pytest.mark.parametrize(
    ("ports", "policy", "segment", "lowest", "highest"),
    [
        (4, "static", 16, 0, 15),
        (4, "nearest", 16, -15, 30),
        (1, "static", 64, 0, 63),
        (1, "nearest", 64, 0, 63),
        (64, "static", 1, 0, 0),
        (64, "nearest", 1, 0, 0),
    ],
)
def test_offsets_of_an_array(ports, policy, segment, lowest, highest):
    chip = machine(ports=ports, port_policy=policy)
    assert chip.segment == segment
    assert (chip.lowest_offset, chip.highest_offset) == (lowest, highest)
    assert chip.overhead_domains == highest - lowest


def test_sizes_in_macro_units_and_durations():
    chip = machine(lanes=65, vector_lanes=32, link_bytes=8)
    assert machine().weight_macro_units == 64 * 8 // 32
    assert chip.weight_macro_units == 17
    assert machine(weight_bits=3).weight_macro_units == 6
    assert [chip.map_macro_units(width) for width in (1, 4, 5, 64)] == [1, 1, 2, 16]
    assert [chip.link_cycles(length) for length in (0, 1, 8, 9)] == [0, 1, 1, 2]
    assert [chip.vector_cycles(count) for count in (0, 32, 33)] == [2, 3, 4]


def test_the_machine_survives_in_the_module():
    module = ModuleOp([])
    CHIP.attach(module, MU_64.machine())
    assert CHIP.get(module) == MU_64.machine()


@pytest.mark.parametrize("field", RacetrackMachine.positive)
def test_a_machine_that_divides_by_zero_is_refused(field):
    values = dataclasses.asdict(MU_64.machine()) | {field: 0}
    with pytest.raises(InputError, match=f"racetrack.chip .* unfit values: {field}"):
        CHIP.of(values)
