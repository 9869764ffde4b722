"""Networks that the device runs in several segments, with the host between them."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import yaml

import cimc
from cimc.driver import Artifact, compile_model, execute_images, fit
from cimc.driver.machines import load_machine
from cimc.driver.text import assemble
from cimc.frontend import import_model
from cimc.golden import Golden
from cimc.target import get_target
from tests.support.command_line import CommandLine
from tests.support.qdq import assert_exact
from tests.support.segmented import (
    NETWORKS,
    SegmentedBuilder,
    images_for,
    three_heads,
    two_lrns,
)
from tests.unit.cli.test_bad_models import refused

TARGETS = ["rram", "racetrack"]


@cache
def compiled(network: str, target: str = "rram", batch: int = 1) -> Artifact:
    return cimc.compile(NETWORKS[network](), target, batch=batch)


def tiny(target: str, folder: Path) -> Path:
    """A chip that holds each segment of the networks, but not all of them."""
    machine = get_target(target)
    chip = yaml.safe_load(machine.load_chip(machine.default_chip).to_yaml())
    few = {"rram": {"cores": 2}, "racetrack": {"banks": 1}}[target]
    chip["structure"].update(few)
    path = folder / f"tiny-{target}.yaml"
    path.write_text(yaml.safe_dump(chip | {"name": "tiny"}))
    return path


@pytest.mark.parametrize("network", NETWORKS)
def test_the_host_segments_are_exact(network: str) -> None:
    assert_exact(NETWORKS[network]())


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(("network", "segments"), [("two LRNs", 3), ("three heads", 2)])
def test_programs_equal_onnxruntime(
    network: str, segments: int, target: str, tmp_path: Path
) -> None:
    artifact = compiled(network, target)
    artifact.save(tmp_path / "out")
    loaded = cimc.load(tmp_path / "out")
    loaded.save(tmp_path / "again")
    images = images_for(loaded.model, 2)

    execution = execute_images(loaded, images, verify=True)

    assert len(loaded.segments) == loaded.metrics["segments"] == segments
    assert execution.verified is not None
    assert execution.verified.equal
    for feeds, found in zip(images.feeds, execution.outputs, strict=True):
        for name, expected in Golden(loaded.model).run(feeds).items():
            np.testing.assert_array_equal(found[name], expected, name)
    for file in (tmp_path / "out").iterdir():
        assert file.read_bytes() == (tmp_path / "again" / file.name).read_bytes()


@pytest.mark.parametrize("target", TARGETS)
def test_segments_have_parts_of_the_chip(target: str) -> None:
    artifact = compiled("two LRNs", target)
    chip = artifact.chip.machine()
    unit = {"rram": "cores", "racetrack": "banks"}[target]

    first = 0
    for segment in artifact.segments:
        assert segment.part is not None
        assert segment.part.first == first
        first += segment.part.structure[unit]
    assert first == getattr(chip, unit) == artifact.metrics[unit]["available"]
    assert "phases" not in artifact.metrics


@pytest.mark.parametrize("target", TARGETS)
def test_a_chip_that_is_too_small_is_programmed_before_each_segment(
    target: str, tmp_path: Path
) -> None:
    artifact = cimc.compile(two_lrns(), target, str(tiny(target, tmp_path)))
    images = images_for(artifact.model, 1)

    metrics = execute_images(artifact, images, verify=True).metrics

    assert metrics["verified"]["equal"]
    assert all(segment.part is None for segment in artifact.segments)
    assert len(metrics["phases"]) == 3
    programming = metrics["programming"]
    assert metrics["energy_pj"]["programming"] == programming["energy_pj"] > 0
    computing = metrics["cycles"] - metrics["host_traffic"]["cycles"]
    assert computing > programming["cycles"] > 0
    assert sum(row["cycles"] for row in metrics["phases"]) == computing
    energy = dict(metrics["energy_pj"])
    assert energy.pop("total") == pytest.approx(sum(energy.values()))


def test_shares_are_not_worked_out_where_one_segment_takes_several_phases(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last segment exceeds the chip: of the others nothing else is compiled."""
    b = SegmentedBuilder()
    x = b.lrn(b.conv(b.input([1, 3, 6, 6], 0.05, 128), 3, 8))
    model = import_model(b.model(b.conv(b.conv(x, 8, 8), 8, 300, 1)))
    machine = load_machine("rram", str(tiny("rram", tmp_path)))
    passes: list[str] = []
    run = fit.run_passes

    def watched(module, context, found, **options) -> None:
        passes.extend(pass_.name for pass_ in found)
        run(module, context, found, **options)

    monkeypatch.setattr(fit, "run_passes", watched)

    assert fit.parts_of(model, machine.target, machine.chip) is None
    assert passes[-2:] == ["cut-phases", "cut-phases"]
    assert "place-blocks" not in passes


def test_wear_of_segments_comes_together(tmp_path: Path) -> None:
    artifact = cimc.compile(two_lrns(), chip=str(tiny("rram", tmp_path)))
    # Each of the three segments writes the first crossbar of the first core once.
    assert artifact.metrics["programming"]["images_until_worn"] == 10**8 // 3


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("network", NETWORKS)
def test_what_crosses_the_border_is_counted(network: str, target: str) -> None:
    artifact = compiled(network, target)
    (feeds,) = images_for(artifact.model, 1).feeds

    simulation = artifact.session().simulate(feeds)

    metrics, maps = simulation.metrics, simulation.feature_maps
    borders = [segment.border for segment in artifact.segments]
    sides = [side for border in borders for side in (border.inputs, border.outputs)]
    crossing = [sum(maps[name].size for name in side) for side in sides]
    assert metrics["traffic"]["host_bytes"] == sum(crossing)
    machine = artifact.chip.machine()
    beats = {"rram": "bus_bytes", "racetrack": "link_bytes"}[target]
    cycles = sum(-(-size // getattr(machine, beats)) for size in crossing)
    assert metrics["host_traffic"]["cycles"] == cycles
    last = metrics["layers"][-1]
    assert last["segment"] == len(borders) - 1
    assert last["start"] + last["cycles"] <= metrics["cycles"]
    assert {row["segment"] for row in metrics["layers"]} == set(range(len(borders)))
    assert metrics["energy_pj"]["host"] > 0
    if "bound" in metrics:
        assert cycles < metrics["bound"]["cycles"] <= metrics["cycles"]


@pytest.mark.parametrize("network", NETWORKS)
def test_batches(network: str) -> None:
    artifact = compiled(network, batch=3)
    # The last batch is not full.
    execution = execute_images(artifact, images_for(artifact.model, 5), verify=True)
    assert execution.verified is not None
    assert execution.verified.equal
    metrics = execution.metrics
    assert metrics["batch"] == 3
    bound = metrics["throughput_bound"]["cycles"]
    assert bound <= metrics["throughput"]["cycles_per_image"] < 2 * bound


@pytest.mark.parametrize("target", TARGETS)
def test_every_pass_of_every_segment_is_verified(target: str) -> None:
    seen: list[str] = []
    compile_model(
        three_heads(),
        target=target,
        verify_each=lambda model: images_for(model, 1),
        observer=lambda name, module, seconds: seen.append(name),
    )
    assert {name.rpartition("-segment-")[2] for name in seen} == {"0", "1"}
    assert "convert-cnn-to-tile-segment-1" in seen


def test_a_wrong_number_is_found_in_its_segment(tmp_path: Path) -> None:
    artifact = compiled("two LRNs")
    text = artifact.ir("rram", 1)
    altered, count = re.subn(r"(requant .*zero )128", r"\g<1>129", text, count=1)
    assert count == 1
    source = tmp_path / "program.mlir"
    source.write_text(altered)
    wrong = artifact.with_program(assemble(source), 1)

    execution = execute_images(wrong, images_for(artifact.model, 1), verify=True)

    assert execution.verified is not None
    with pytest.raises(cimc.VerificationError, match=r"segment 1, layer '.*', core "):
        execution.verified.require()


@pytest.fixture
def saved(cimc: CommandLine) -> Path:
    artifact = compiled("two LRNs")
    artifact.save(cimc.folder / "out")
    feeds = images_for(artifact.model, 2).feeds
    arrays = {name: np.concatenate([f[name] for f in feeds]) for name in feeds[0]}
    np.savez(cimc.folder / "images.npz", **arrays)
    return cimc.folder / "out"


@pytest.mark.parametrize("file", ["program.bin", "program-1.bin", "program-2.bin"])
def test_a_damaged_program_is_refused(
    file: str, saved: Path, cimc: CommandLine
) -> None:
    program = bytearray((saved / file).read_bytes())
    program[len(program) // 2] ^= 1
    (saved / file).write_bytes(program)
    assert f"{file} is not the file" in refused(cimc, "run", "out").err
    (saved / file).unlink()
    assert f"{file} is missing" in refused(cimc, "run", "out").err


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda entries: entries.pop(), "E051"),
        (lambda entries: entries.append(entries[0]), "E051"),
        (lambda entries: entries[1].update(first="0"), "E051"),
        (lambda entries: entries[1].pop("first"), "E051"),
        (lambda entries: entries[1].pop("outputs"), "E051"),
        (lambda entries: entries[1]["structure"].update(cores=10**9), "E021"),
        (lambda entries: entries[1]["structure"].update(wings=1), "E021"),
        (lambda entries: entries[1]["structure"].update(cores=17), "E022"),
    ],
)
def test_a_damaged_manifest_is_refused(
    change, code: str, saved: Path, cimc: CommandLine
) -> None:
    manifest = json.loads((saved / "manifest.json").read_text())
    change(manifest["segments"])
    (saved / "manifest.json").write_text(json.dumps(manifest))
    run = ("run", "out", "--input", "images.npz")
    assert f"error[{code}]" in refused(cimc, *run).err


def test_commands_ask_which_segment_is_meant(saved: Path, cimc: CommandLine) -> None:
    run = ("run", "out", "--input", "images.npz", "--verify")
    assert "E008" in refused(cimc, "disasm", "out").err
    assert "E008" in refused(cimc, "disasm", "out", "--segment", "3").err
    assert "E008" in refused(cimc, "disasm", "out/program.bin", "--segment", "0").err
    assert cimc("disasm", "out", "--segment", "1", "-o", "p.mlir").code == 0
    assert cimc("asm", "p.mlir").code == 0
    program = (saved / "program-1.bin").read_bytes()
    assert (cimc.folder / "p.bin").read_bytes() == program
    assert "E008" in refused(cimc, *run, "--program", "p.bin").err
    assert "E004" in refused(cimc, *run, "--segment", "1").err
    result = cimc(*run, "--program", "p.bin", "--segment", "1", "--trace", "t.json")
    assert result.code == 0
    assert "device segments: 3" in result.err
    assert "to and from the host: " in result.err
    events = json.loads((cimc.folder / "t.json").read_text())["traceEvents"]
    names = {e["pid"]: e["args"]["name"] for e in events if e["name"] == "process_name"}
    ends = [0.0] * 4
    for event in events:
        if "ts" in event:
            segment = int(names[event["pid"]].split()[1])
            assert event["ts"] >= ends[segment]
            ends[segment + 1] = max(ends[segment + 1], event["ts"] + event["dur"])
    assert all(ends[1:])


def test_ir_of_each_segment(tmp_path: Path) -> None:
    artifact = compiled("two LRNs")
    levels = {artifact.ir("tile", number) for number in range(3)}
    assert len(levels) == 3
    with pytest.raises(cimc.InputError, match="E008"):
        artifact.ir("tile")


def test_check_says_which_segment_each_operator_is_in(cimc: CommandLine) -> None:
    (cimc.folder / "model.onnx").write_bytes(two_lrns().SerializeToString())
    result = cimc("check", "model.onnx", "--json")
    assert result.code == 0
    found = result.document
    places = [
        (row["op"], row["placement"], row["segment"]) for row in found["operators"]
    ]
    assert places == [
        ("Conv", "device", 0),
        ("LRN", "host", 1),
        ("MaxPool", "device", 1),
        ("Conv", "device", 1),
        ("LRN", "host", 2),
        ("Conv", "device", 2),
    ]
    assert found["device_macs_share"] == 1
    assert found["demand"]["segments"] == 3
    assert found["demand"]["cores"]["available"] == 1024
    assert "to and from the host: " in result.err


def test_several_machines(cimc: CommandLine) -> None:
    (cimc.folder / "model.onnx").write_bytes(two_lrns().SerializeToString())
    result = cimc("compile", "model.onnx", "-o", "out", "--target", "rram,racetrack",
                  "--dump-ir", "ir")  # fmt: skip
    assert result.code == 0
    for name in ("rram-pelke-128", "racetrack-mu-64"):
        assert (cimc.folder / "out" / name / "program-2.bin").is_file()
        dumps = {path.name for path in (cimc.folder / "ir" / name).iterdir()}
        assert any("import-segment-2" in dump for dump in dumps)
