import pytest

from cimc.backends.racetrack.area import area_report, bank_area, macro_unit_area
from cimc.backends.racetrack.chip import CHIPS

MU_64 = CHIPS.load("mu-64")


def test_a_macro_unit_takes_the_larger_of_tracks_and_ports():
    # 4 ports: 64 + 15 domains of 0.002 um2 lie above 4 ports of 0.012 um2.
    assert macro_unit_area(MU_64) == pytest.approx(32 * 79 * 0.002)
    # 64 ports need no overhead, but more room than the 64 domains above them.
    dense = MU_64.with_structure(ports=64)
    assert macro_unit_area(dense) == pytest.approx(32 * 64 * 0.012)


def test_neighbouring_ports_cost_overhead_domains():
    nearest = MU_64.with_structure(port_policy="nearest")
    assert macro_unit_area(nearest) == pytest.approx(32 * (64 + 45) * 0.002)


def test_the_components_of_a_bank():
    macro_units = 64 * 16
    assert bank_area(MU_64) == pytest.approx(
        {
            "macro_units": macro_units * 32 * 79 * 0.002 / 1e6,
            "sense_amplifiers": macro_units * 32 * 4 / 1e6,
            "decoders": 64 * 200 / 1e6,
            "mac_cells": 64 * 100 / 1e6,
            "registers": 8 * 2048 * 8 / 1e6,
            "line_buffer": 8192 * 1.5 / 1e6,
            "controller": 0.1,
        }
    )


def test_banks_and_buffers_add_up():
    report = area_report(MU_64, banks=3, map_arrays=5, map_macro_units=33)
    bank = report["bank"]
    assert bank == bank_area(MU_64)
    buffers = (33 * (32 * 79 * 0.002 + 32 * 4) + 5 * 200) / 1e6
    assert report["buffers"] == pytest.approx(buffers)
    arrays = bank["macro_units"] + bank["sense_amplifiers"] + bank["decoders"]
    assert report["weights"] == pytest.approx(3 * arrays)
    assert report["total"] == pytest.approx(3 * sum(bank.values()) + buffers)


def test_the_scratchpad_of_destiny_takes_the_area_recalled():
    destiny = CHIPS.load("destiny-4k")
    bank = bank_area(destiny)
    arrays = bank["macro_units"] + bank["sense_amplifiers"] + bank["decoders"]
    periphery = destiny.area.controller.value - MU_64.area.controller.value
    assert arrays + periphery / 1e6 == pytest.approx(0.0279, rel=1e-3)
