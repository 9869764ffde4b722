"""One wrong number in a program is noticed, and the message says where it stands.

Programs are altered as text and assembled again, so all checksums are right.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import cimc
from cimc.driver import Artifact, execute_images
from cimc.driver.text import assemble
from cimc.weights import WeightStore, digest
from tests.support.shipped import compiled, images

NETWORK = "lenet5"
#: What a message must name: layer, core or bank, and instruction.
PLACE = re.compile(
    r"layer '(?P<layer>[^']+)', (core|bank) (?P<core>\d+), instruction \d+: "
    r"(rram|racetrack)\."
)


def number(change: int) -> Callable[[re.Match[str]], str]:
    """Adds to the number that the pattern's last group holds."""
    return lambda found: f"{found[1]}{int(found[2]) + change}"


FIELDS = {
    "load offset": (r"(load .*\[a\d \+ )(\d+)", number(1)),
    "load count": (r"(load .*, )([2-9]) (?=x)", number(-1)),
    "load length": (r"(load .* x )(\d+)", number(-1)),
    "load stride": (r"(load .*stride )(\d+)", number(1)),
    "load into": (r"(load v)(0)", number(5)),
    "store offset": (r"(store \[a\d \+ )(\d+)", number(-1)),
    "store length": (r"(store .*, )(\d+)$", number(-4)),
    "mvm sign": (r"(mvm .*) unsigned", lambda found: found[1]),
    "requant zero point": (r"(requant .*zero )(\d+)", number(1)),
    "requant lower bound": (r"(requant .*clamp )(\d+)", number(70)),
    "requant lanes": (r"(requant v\d+, v\d+, q\d+, )(\d+)", number(-1)),
    "add lanes": (r"(add .*, )(\d+)$", number(-1)),
    "max segments": (r"(max v\d+, v\d+, )(\d+)", number(-1)),
    "loop count": (r"(loop )(\d+)", number(-1)),
    "set": (r"(set a\d+, )(\d+)", number(1)),
    "step": (r"(step a\d+, )(\d+)", number(1)),
    "wait": (r"(wait s\d+ \+= )(\d+)", number(1)),
    "first row of a block": (r"(program .*rows )(128)", number(-1)),
    "preset halo": (r"(fill .*with )(0)", number(200)),
}
#: Of the first window of an image, in its corner, all elements may be zero.
OF_WINDOWS = {"load stride", "mvm sign"}
CALLS = {
    "dropped": (r" *rram\.call .*\n", lambda found: ""),
    "to another core": (r"(call core )(\d+)", number(1)),
    "to another register": (r"(call core \d+, s)(\d+)", number(1)),
    "by one more": (r"(call core .*\+= )(\d+)", number(1)),
}


@pytest.fixture(scope="module")
def artifact() -> Artifact:
    return compiled(NETWORK, "pelke-128", objective="area")


def caught(
    artifact: Artifact, text: str, folder: Path, count: int = 8
) -> cimc.VerificationError:
    """The error for a program text, after a round trip through the files."""
    source = folder / "program.mlir"
    source.write_text(text)
    artifact.with_program(assemble(source)).save(folder / "altered")
    loaded = cimc.load(folder / "altered")
    with pytest.raises(cimc.VerificationError) as error:
        run(loaded, count)
    return error.value


def run(artifact: Artifact, count: int = 8) -> None:
    chosen = images(artifact, NETWORK, count)
    verified = execute_images(artifact, chosen, verify=True).verified
    assert verified is not None
    verified.require()


def occurrences(pattern: str, text: str) -> list[re.Match[str]]:
    found = list(re.finditer(pattern, text, re.MULTILINE))
    assert found, f"no instruction matches {pattern}"
    return found


def altered(found: re.Match[str], change: Callable[[re.Match[str]], str]) -> str:
    return found.string[: found.start()] + change(found) + found.string[found.end() :]


def section_of(found: re.Match[str]) -> tuple[str, str]:
    """Layer and core of an instruction in the text."""
    before = found.string[: found.start()]
    layers = re.findall(r'rram\.section "([^"]+)"', before)
    cores = re.findall(r"rram\.core (\d+)", before)
    return layers[-1], cores[-1]


def test_the_unaltered_program_passes(artifact: Artifact, tmp_path: Path) -> None:
    source = tmp_path / "program.mlir"
    source.write_text(artifact.ir("rram"))

    run(artifact.with_program(assemble(source)))


@pytest.mark.parametrize("kind", FIELDS)
def test_an_altered_field_is_caught(
    kind: str, artifact: Artifact, tmp_path: Path
) -> None:
    pattern, change = FIELDS[kind]
    found = occurrences(pattern, artifact.ir("rram"))

    first = found[1 if kind in OF_WINDOWS else 0]
    for match in {first, found[len(found) // 2], found[-1]}:
        error = caught(artifact, altered(match, change), tmp_path)

        assert PLACE.search(str(error)), error


@pytest.mark.parametrize("kind", CALLS)
def test_every_altered_call_is_caught(
    kind: str, artifact: Artifact, tmp_path: Path
) -> None:
    pattern, change = CALLS[kind]

    for match in occurrences(pattern, artifact.ir("rram")):
        error = caught(artifact, altered(match, change), tmp_path)

        assert error.diagnostic.code in {"E042", "E043", "E045", "E046"}
        assert PLACE.search(str(error)), error


@pytest.mark.parametrize("name", ["/conv1/Conv.matrix", "/fc3/Gemm.matrix"])
def test_an_altered_weight_is_caught_and_its_layer_named(
    name: str, artifact: Artifact, tmp_path: Path
) -> None:
    matrix = artifact.weights[name].copy()
    matrix[np.unravel_index(np.abs(matrix.astype(int)).argmax(), matrix.shape)] ^= 0x40
    weights = WeightStore({**artifact.weights, name: matrix})
    text = artifact.ir("rram").replace(artifact.weights.checksum(name), digest(matrix))

    error = caught(replace(artifact, weights=weights), text, tmp_path)

    assert error.diagnostic.code == "E061"
    place = PLACE.search(str(error))
    assert place is not None
    assert place["layer"] == name.removesuffix(".matrix")


def test_a_mismatch_names_the_instruction_that_wrote_the_element(
    artifact: Artifact, tmp_path: Path
) -> None:
    match = occurrences(r"(requant .*zero )(\d+)", artifact.ir("rram"))[1]
    layer, core = section_of(match)

    error = caught(artifact, altered(match, number(1)), tmp_path)

    assert error.diagnostic.code == "E061"
    place = PLACE.search(str(error))
    assert place is not None
    assert (place["layer"], place["core"]) == (layer, core)
    assert "rram.store" in str(error)


def test_constants_that_do_not_belong_to_the_program_are_refused(
    artifact: Artifact, tmp_path: Path
) -> None:
    name = "/conv1/Conv.matrix"
    other = WeightStore({**artifact.weights, name: artifact.weights[name] ^ 1})
    replace(artifact, weights=other).save(tmp_path / "altered")

    with pytest.raises(cimc.InputError, match=r"E012.*conv1"):
        run(cimc.load(tmp_path / "altered"))
