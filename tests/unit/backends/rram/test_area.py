import numpy as np
import pytest
from rram_programs import core, module_of

from cimc.backends.rram.area import adcs_per_crossbar, area_report, core_area
from cimc.backends.rram.chip import CHIPS
from cimc.backends.rram.cost import static_metrics
from cimc.backends.rram.isa import ProgramOp
from cimc.diagnostics import InputError
from cimc.weights import WeightStore
from tests.support.programs import constant

PELKE_128 = CHIPS.load("pelke-128")
SMALL = CHIPS.load("rram-small")


def with_mvm(cycles: int):
    mvm = PELKE_128.timing.mvm.model_dump() | {"value": cycles}
    return CHIPS.changed(PELKE_128, "timing", {"mvm": mvm})


@pytest.mark.parametrize(
    ("name", "adcs"),
    [
        # 1000 cycles, 8 reads: 125 conversions of 1024, 512 and 256 bit lines.
        ("pelke-128", 9),
        ("pelke-64", 5),
        ("pelke-32", 3),
        # 100 cycles, 8 reads: 12 conversions of 128 bit lines.
        ("rram-small", 11),
    ],
)
def test_converters_keep_up_with_an_mvm(name, adcs):
    chip = CHIPS.load(name)
    assert adcs_per_crossbar(chip) == adcs
    bit_lines = chip.structure.columns * 2 * 4
    conversions = adcs * (chip.timing.mvm.value // 8)
    assert conversions >= bit_lines > conversions - chip.timing.mvm.value // 8


@pytest.mark.parametrize(
    ("cycles", "adcs"), [(0, 1024), (8, 1024), (15, 1024), (16, 512), (8192, 1)]
)
def test_no_bit_line_has_more_than_one_converter(cycles, adcs):
    assert adcs_per_crossbar(with_mvm(cycles)) == adcs


def test_wider_drivers_and_denser_cells_take_fewer_converters():
    # One read of 1000 cycles; a cell per sign gives 256 bit lines.
    assert adcs_per_crossbar(PELKE_128.with_structure(dac_bits=8)) == 2
    assert adcs_per_crossbar(PELKE_128.with_structure(cell_bits=8)) == 3


def test_the_components_of_a_core():
    assert core_area(PELKE_128) == pytest.approx(
        {
            "cells": 128 * 1024 * 0.0123 / 1e6,
            "dacs": 128 * 4 / 1e6,
            "sample_holds": 1024 * 2 / 1e6,
            "adcs": 9 * 1200 / 1e6,
            "registers": 16 * 2048 * 8 / 1e6,
            "bus_port": 64 * 100 / 1e6,
            "controller": 0.1,
        }
    )


def test_every_crossbar_of_a_core_counts():
    assert core_area(SMALL) == pytest.approx(
        {
            "cells": 2 * 16 * 128 * 0.0123 / 1e6,
            "dacs": 2 * 16 * 4 / 1e6,
            "sample_holds": 2 * 128 * 2 / 1e6,
            "adcs": 2 * 11 * 1200 / 1e6,
            "registers": 16 * 256 * 8 / 1e6,
            "bus_port": 8 * 100 / 1e6,
            "controller": 0.025,
        }
    )


def test_cores_and_shared_memory_in_use_add_up():
    report = area_report(SMALL, cores=3, memory_bytes=1000)
    assert report["core"] == core_area(SMALL)
    assert report["cores"] == pytest.approx(3 * sum(core_area(SMALL).values()))
    assert report["shared_memory"] == pytest.approx(1000 * 1.27 / 1e6)
    assert report["total"] == report["cores"] + report["shared_memory"]


def test_a_program_takes_the_cores_and_crossbars_that_it_uses():
    matrix = constant(WeightStore(), "w", np.ones((16, 16), np.int8))

    def program(xb: int, rows: int) -> ProgramOp:
        return ProgramOp(xb=xb, matrix=matrix, row=0, rows=rows, column=0, columns=9)

    cores = [core(2, [], [program(0, 16), program(1, 1)]), core(5, [], [program(1, 7)])]
    metrics = static_metrics(module_of(*cores, core(7, []), memory=777), SMALL)
    assert metrics["memory_bytes"] == {"weights": 3 * 256, "maps_and_sums": 777}
    assert metrics["area_mm2"] == area_report(SMALL, cores=3, memory_bytes=777)


@pytest.mark.parametrize(
    ("area", "message"),
    [
        ("{cell: {value: -1}}", "area.cell.value: .*greater than or equal to 0"),
        ("{adc: {value: .inf}}", "area.adc.value: .*finite"),
        ("{adc: {unit: mm2}}", "area.adc.unit: .*um2"),
        ("{dac: {source: ''}}", "area.dac.source: .*at least 1"),
        ("{controler: 1}", "area.controler: .* did you mean controller"),
    ],
)
def test_unfit_areas_are_refused(tmp_path, area, message):
    path = tmp_path / "chip.yaml"
    path.write_text(f"extends: pelke-64\narea: {area}\n")
    with pytest.raises(InputError, match=message):
        CHIPS.load(str(path))


def test_a_chip_without_areas_is_refused():
    values = PELKE_128.model_dump()
    del values["area"]
    with pytest.raises(InputError, match=r"area: .*required"):
        CHIPS.validated(values, "old")
