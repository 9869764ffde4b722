"""The manual of each machine, and what importing its target costs."""

import subprocess
import sys
from importlib import import_module

import pytest

from cimc.isa.manual import updated
from cimc.target import get_target

CHIPS = {"rram": "pelke-64", "racetrack": "mu-64"}
targets = pytest.mark.parametrize("target", CHIPS)


def manual_of(target: str) -> str:
    manual = import_module(f"cimc.backends.{target}.manual")
    return manual.README.read_text("utf-8")


@targets
def test_the_manual_is_up_to_date(target):
    isa = import_module(f"cimc.backends.{target}.instruction_set").ISA
    text = manual_of(target)
    assert updated(isa, text) == text, f"run python -m cimc.backends.{target}.manual"


@targets
def test_the_manual_has_every_instruction_by_opcode(target):
    text = manual_of(target)
    instructions = import_module(f"cimc.backends.{target}.isa").INSTRUCTIONS
    assert instructions == tuple(sorted(instructions, key=lambda op: op.opcode))
    for op in instructions:
        assert f"`{op.opcode:#04x}` | `{op.name} " in text


@targets
def test_the_target_is_found_and_cheap_to_import(target):
    assert get_target(target).name == target
    code = (
        f"import sys, cimc.backends.{target} as r; r.TARGET.chip_names;"
        "assert not {'numba', 'xdsl', 'pydantic'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(("target", "chip"), CHIPS.items())
def test_the_target_works_without_numba_until_it_simulates(target, chip):
    code = (
        f"import sys; from cimc.backends.{target} import TARGET as t;"
        f"t.load_chip('{chip}'); t.dialect(); t.encode; "
        f"import cimc.isa.codec, cimc.backends.{target}.cost;"
        "assert 'numba' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
