"""One wrong number in a racetrack program is noticed, as in ``test_corruption``."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cimc.driver import Artifact
from cimc.driver.text import assemble
from cimc.weights import WeightStore, digest
from tests.e2e.test_corruption import (
    NETWORK,
    PLACE,
    altered,
    caught,
    number,
    occurrences,
    run,
)
from tests.support.command_line import CommandLine
from tests.support.shipped import compiled, samples_of

#: What is altered, how, and the errors that may tell.
FIELDS: dict[str, tuple[str, Callable, set[str]]] = {
    "shift of weights": (r"(shift w\d+\[a\d+\], )(-?\d+)", number(1), {"E047", "E048"}),
    "shift of a map": (
        r"(shift_map m\d+\[a\d+\], )(-?\d+)", number(-1), {"E047", "E048", "E049"},
    ),
    "domain read": (r"(read .* domain )(\d+)", number(1), {"E048"}),
    "domain written": (r"(write .* domain )(\d+)", number(1), {"E048"}),
    "domain multiplied": (r"(mac .* domain )(\d+)", number(1), {"E048"}),
    "array read": (r"(read .*, m)(\d+)", number(1), {"E041", "E042", "E043", "E048",
                                                     "E049", "E061"}),
    "array multiplied": (r"(mac w)(\d+)", number(1), {"E041", "E042", "E048", "E061"}),
    "ports": (r"(mac .* x )([2-9])", number(-1), {"E061"}),
    "zero point": (r"(requant .*zero )(\d+)", number(1), {"E061"}),
    "distance of a slide": (r"(slide .*by )(\d+)", number(1), {"E042", "E061"}),
    "wait": (r"(wait s\d+ \+= )(\d+)", number(1), {"E045"}),
}  # fmt: skip


@pytest.fixture(scope="module")
def artifact() -> Artifact:
    return compiled(NETWORK, "mu-64", target="racetrack")


def test_the_unaltered_program_passes(artifact: Artifact, tmp_path: Path) -> None:
    source = tmp_path / "program.mlir"
    source.write_text(artifact.ir("racetrack"))

    run(artifact.with_program(assemble(source)), count=1)


@pytest.mark.parametrize("kind", FIELDS)
def test_an_altered_field_is_caught(
    kind: str, artifact: Artifact, tmp_path: Path
) -> None:
    pattern, change, codes = FIELDS[kind]
    found = occurrences(pattern, artifact.ir("racetrack"))

    error = caught(artifact, altered(found[len(found) // 2], change), tmp_path, 1)

    assert error.diagnostic.code in codes, error
    assert PLACE.search(str(error)) or error.diagnostic.code == "E049", error


@pytest.mark.parametrize(
    ("pattern", "replacement"),
    [(r"(mac .*, 6) unsigned", r"\1"), (r"(mac .*, )6 unsigned", r"\g<1>5 unsigned")],
)
def test_altered_products_are_caught(
    pattern: str, replacement: str, artifact: Artifact, tmp_path: Path
) -> None:
    # Only the first layer has six lanes. A single product may be with 0.
    text, count = re.subn(pattern, replacement, artifact.ir("racetrack"))
    assert count > 1

    error = caught(artifact, text, tmp_path, 1)

    assert error.diagnostic.code == "E061"
    assert "layer '/conv1/Conv', bank " in str(error)


def test_dropped_calls_are_caught(artifact: Artifact, tmp_path: Path) -> None:
    found = occurrences(r" *racetrack\.call .*\n", artifact.ir("racetrack"))

    for match in {found[0], found[len(found) // 2], found[-1]}:
        error = caught(artifact, altered(match, lambda _: ""), tmp_path, 1)

        assert error.diagnostic.code in {"E043", "E045", "E046"}
        assert PLACE.search(str(error)), error


@pytest.mark.parametrize("kind", ["matrix", "order"])
def test_altered_constants_are_caught_and_their_layer_named(
    kind: str, artifact: Artifact, tmp_path: Path
) -> None:
    text = artifact.ir("racetrack")
    layer = "/fc3/Gemm"
    program = next(
        line
        for line in text.split(f'section "{layer}"')[1].splitlines()
        if "racetrack.program" in line
    )
    names = [part.split('"')[1] for part in program.split("#cim.weights<")[1:]]
    name = dict(zip(["matrix", "order"], names, strict=True))[kind]
    values = artifact.weights[name].copy()
    if kind == "matrix":
        values ^= 0x40
    else:
        first, second = np.flatnonzero(values >= 0)[:2]
        values[[first, second]] = values[[second, first]]
    weights = WeightStore({**artifact.weights, name: values})
    changed = text.replace(artifact.weights.checksum(name), digest(values))

    error = caught(replace(artifact, weights=weights), changed, tmp_path, 1)

    assert error.diagnostic.code == "E061"
    place = PLACE.search(str(error))
    assert place is not None
    if kind == "matrix":
        assert place["layer"] == layer


def test_the_command_says_so(artifact: Artifact, cimc: CommandLine) -> None:
    artifact.save(cimc.folder / "out")
    found = occurrences(r"(shift w\d+\[a\d+\], )(-?\d+)", artifact.ir("racetrack"))
    (cimc.folder / "p.mlir").write_text(altered(found[0], number(40)))
    assert cimc("asm", "p.mlir", "-o", "p.bin").code == 0

    result = cimc(
        "run", "out", "--program", "p.bin", "--verify", "--input", samples_of(NETWORK)
    )

    assert result.code == 1
    assert "error[E047]: layer '" in result.err
    assert ", bank " in result.err
    assert "instruction " in result.err
    assert "weight macro units " in result.err
    assert "Traceback" not in result.err
