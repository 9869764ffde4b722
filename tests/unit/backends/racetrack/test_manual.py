import subprocess
import sys

from cimc.backends.racetrack.instruction_set import ISA
from cimc.backends.racetrack.isa import INSTRUCTIONS
from cimc.backends.racetrack.manual import README
from cimc.isa.manual import updated
from cimc.target import get_target


def test_the_manual_is_up_to_date():
    text = README.read_text("utf-8")
    assert updated(ISA, text) == text, "run python -m cimc.backends.racetrack.manual"


def test_the_manual_has_every_instruction():
    text = README.read_text("utf-8")
    for op in INSTRUCTIONS:
        assert f"`{op.opcode:#04x}` | `{op.name} " in text


def test_the_target_is_found_and_cheap_to_import():
    assert get_target("racetrack").name == "racetrack"
    code = (
        "import sys, cimc.backends.racetrack as r; r.TARGET.chip_names;"
        "assert not {'numba', 'xdsl', 'pydantic'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_target_works_without_numba_until_it_simulates():
    code = (
        "import sys; from cimc.backends.racetrack import TARGET as t;"
        "t.load_chip('mu-64'); t.dialect(); t.encode; "
        "import cimc.isa.codec, cimc.backends.racetrack.cost;"
        "assert 'numba' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
