"""The compiled artifact: a directory that holds all that running and proving needs.

``manifest.json`` names format, target, the device segments and the SHA-256 of every
other file; ``program.bin`` is the program of the first device segment,
``program-1.bin`` that of a second one, and so on; ``weights.npz`` holds the constants
of all, ``chip.yaml`` the chip with provenance, ``model.onnx`` the quantised model that
is the golden, and ``metrics.json`` what is known of the programs. Equal inputs and
options give equal bytes, so nothing here depends on time or place.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from google.protobuf.message import DecodeError
from onnx import ModelProto

from cimc.diagnostics import InputError
from cimc.driver.levels import text_of
from cimc.driver.manifest import (
    MANIFEST,
    broken,
    program_file,
    read_manifest,
    read_object,
    read_segment,
    write_manifest,
)
from cimc.driver.segment import Segment
from cimc.driver.verification import tensor_names
from cimc.golden import StoredModel
from cimc.target import Chip, Target, get_target
from cimc.weights import WeightStore

if TYPE_CHECKING:
    from cimc.driver.session import Session

__all__ = ["Artifact", "check_destination", "check_folder", "load"]


@dataclass(frozen=True)
class Artifact:
    """A compiled network.

    ``segments`` run on the device one after another, with the host between them; most
    networks have one. ``metrics`` has the keys of ``metrics.json`` that compiling (and
    running, where that was asked for) determines.
    """

    target: Target
    name: str
    chip: Chip
    segments: tuple[Segment, ...]
    weights: WeightStore
    golden: StoredModel
    metrics: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def model(self) -> ModelProto:
        """The quantised model that the program computes."""
        return self.golden.model

    @property
    def program(self) -> bytes:
        """The program of an artifact that has one device segment (else E008)."""
        return self.segments[self.number(None)].program

    def number(self, segment: int | None) -> int:
        """The number of a device segment; None stands for the only one.

        Raises:
            InputError: there are several or there is no such segment (E008).
        """
        count = len(self.segments)
        if segment is None and count == 1:
            return 0
        if segment is None or not 0 <= segment < count:
            wanted = "which is meant?" if segment is None else f"not number {segment}"
            several = f"{count} device segments" if count > 1 else "one device segment"
            raise InputError(
                "E008",
                f"the artifact has {several}, {wanted}",
                where="--segment",
                hints=("numbers count from 0",),
            )
        return segment

    def with_program(self, program: bytes, segment: int | None = None) -> Artifact:
        """The artifact with another program for a device segment.

        Raises:
            InputError: there are several or there is no such segment (E008).
        """
        number = self.number(segment)
        segments = list(self.segments)
        segments[number] = replace(segments[number], program=program)
        return replace(self, segments=tuple(segments))

    def ir(self, level: str, segment: int | None = None) -> str:
        """The IR as it leaves a level: ``cnn``, ``tile``, or the target's name.

        The ISA is decoded from the program, the levels above it are compiled again
        from the quantised model. ``segment`` is the number of the device segment, where
        there are several.

        Raises:
            InputError: there is no such level (E053) or segment (E008).
        """
        from cimc.driver.compilation import text_at_level

        number = self.number(segment)
        if level == self.target.name:
            return text_of(self.target.decode(self.segments[number].program))
        return text_at_level(self, level, number)

    def session(self) -> Session:
        """A simulator session with the interface of onnxruntime's."""
        from cimc.driver.session import Session

        return Session(self)

    def save(self, directory: Path | str) -> None:
        """Write the artifact; the directory appears complete or not at all.

        An older artifact of that name is replaced; anything else is left alone.

        Raises:
            InputError: the directory is something else or cannot be written (E052).
        """
        path = Path(directory)
        check_destination(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            scratch = Path(tempfile.mkdtemp(prefix=".cimc-", dir=path.parent))
            try:
                new = scratch / "new"
                self._write(new)
                if path.exists():
                    os.replace(path, scratch / "old")
                os.replace(new, path)
            finally:
                shutil.rmtree(scratch, ignore_errors=True)
        except OSError as error:
            raise InputError(
                "E052",
                f"cannot be written: {error.strerror or error}",
                where=str(path),
                hints=("choose another -o, or free its folder",),
            ) from error

    def _write(self, folder: Path) -> None:
        folder.mkdir()
        with ThreadPoolExecutor(1) as pool:
            # Compressing weights takes most of the time, and another core has it.
            weights = pool.submit(self.weights.save, folder / "weights.npz")
            for number, segment in enumerate(self.segments):
                (folder / program_file(number)).write_bytes(segment.program)
            (folder / "chip.yaml").write_text(self.chip.to_yaml(), encoding="utf-8")
            self.golden.save(folder / "model.onnx")
            metrics = json.dumps(self.metrics, indent=2) + "\n"
            (folder / "metrics.json").write_text(metrics, encoding="utf-8")
            weights.result()
        write_manifest(folder, self.target.name, self.name, self.segments)


def check_destination(path: Path) -> None:
    """Refuse to write an artifact over anything but an artifact or an empty folder.

    Raises:
        InputError: something else is there (E052).
    """
    if path.exists() and not _replaceable(path):
        raise InputError(
            "E052",
            "exists and is no artifact of cimc, so it is not overwritten",
            where=str(path),
            hints=("choose another -o",),
        )


def check_folder(path: Path) -> None:
    """Refuse to write artifacts into an artifact or a file.

    Raises:
        InputError: that is what is there (E052).
    """
    is_artifact = (path / MANIFEST).is_file()
    if is_artifact or (path.exists() and not path.is_dir()):
        raise InputError(
            "E052",
            f"is {'an artifact' if is_artifact else 'no folder'}",
            where=str(path),
            notes=("the artifacts of several machines go to folders inside of -o",),
            hints=("choose another -o",),
        )


def load(directory: Path | str) -> Artifact:
    """Read an artifact that :meth:`Artifact.save` wrote.

    Raises:
        InputError: it is missing, incomplete, altered or of another format (E051).
    """
    path = Path(directory)
    manifest = read_manifest(path)
    target = get_target(manifest["target"])
    golden = _read_golden(path)
    segments = tuple(
        read_segment(entry, (path / program_file(number)).read_bytes())
        for number, entry in enumerate(manifest["segments"])
    )
    known = tensor_names(golden.model)
    for segment in segments:
        for name in (*segment.border.inputs, *segment.border.outputs):
            if name not in known:
                raise broken(path, f"{MANIFEST} names {name!r}, no tensor of the model")
    return Artifact(
        target=target,
        name=manifest["model"],
        chip=target.load_chip(str(path / "chip.yaml")),
        segments=segments,
        weights=WeightStore.load(path / "weights.npz"),
        golden=golden,
        metrics=read_object(path, "metrics.json"),
    )


def _read_golden(path: Path) -> StoredModel:
    golden = StoredModel((path / "model.onnx").read_bytes())
    try:
        _ = golden.model
    except DecodeError as error:
        raise broken(path, "model.onnx is no ONNX model") from error
    return golden


def _replaceable(path: Path) -> bool:
    return path.is_dir() and ((path / MANIFEST).is_file() or not any(path.iterdir()))
