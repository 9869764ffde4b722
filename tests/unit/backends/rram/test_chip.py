import pytest
import yaml
from rram_programs import attach_chip, machine_of, module_of

from cimc.backends.rram.chip import CHIPS, Chip
from cimc.diagnostics import InputError


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


@pytest.mark.parametrize("size", [32, 64, 128])
def test_pelke_presets(size):
    structure = CHIPS.load(f"pelke-{size}").structure
    assert (structure.rows, structure.columns) == (size, size)
    assert (structure.cores, structure.crossbars_per_core) == (1024, 1)
    assert structure.bus_bytes == 64


def test_a_file_may_extend_a_preset(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("extends: pelke-64\nname: mine\nstructure: {cores: 256}\n")
    chip = CHIPS.load(str(path))
    assert (chip.name, chip.structure.cores, chip.structure.rows) == ("mine", 256, 64)
    again = tmp_path / "again.yaml"
    again.write_text(chip.to_yaml())
    assert CHIPS.load(str(again)) == chip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("extends: pelke-64\nstructure: {cores: 0}", "structure.cores: .*greater than"),
        (
            "extends: pelke-64\nstructure: {sores: 1}",
            "structure.sores: .* did you mean cores",
        ),
        ("extends: pelke-64\ntiming: {mvm: {unit: pJ}}", "timing.mvm.unit: .*cycles"),
        ("extends: pelke-64\nstructure: {rows: 4096}", "must hold rows bytes"),
        ("extends: nothing", "extends must name a preset"),
        ("- 1", "is a mapping"),
        ("a: [", "is not YAML"),
    ],
)
def test_unfit_descriptions_name_file_field_and_bound(tmp_path, text, message):
    path = tmp_path / "chip.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=message) as caught:
        CHIPS.load(str(path))
    assert caught.value.diagnostic.code == "E021"
    assert caught.value.diagnostic.where == str(path)


def test_unknown_chip_lists_presets():
    with pytest.raises(InputError, match=r"one of: .*pelke-64"):
        CHIPS.load("pelke-65")
    with pytest.raises(InputError, match="cannot be read"):
        CHIPS.load("missing.yaml")


def test_the_machine_survives_in_the_module():
    module = module_of()
    chip = CHIPS.load("pelke-32")
    attach_chip(module, chip)
    assert machine_of(module) == chip.machine()
    del module.attributes["rram.chip"]
    with pytest.raises(InputError, match="E022"):
        machine_of(module)


def test_a_converter_costs_twice_as_much_for_each_bit():
    base = CHIPS.load("pelke-128")
    bits = base.structure.adc_bits
    finer = base.with_structure(adc_bits=bits + 2)
    assert finer.energy.adc.value == 4 * base.energy.adc.value
    assert finer.area.adc.value == 4 * base.area.adc.value
    assert "Walden" in finer.energy.adc.source
    assert base.with_structure(adc_bits=bits) == base
    assert finer.with_structure(adc_bits=bits).energy.adc.value == base.energy.adc.value
