"""The compiled artifact: a directory that holds all that running and proving needs.

``manifest.json`` names format, target and the SHA-256 of every other file;
``program.bin`` is the program, ``weights.npz`` its constants, ``chip.yaml`` the chip
with provenance, ``model.onnx`` the quantised model that is the golden, and
``metrics.json`` what is known of the program. Equal inputs and options give equal
bytes, so nothing here depends on time or place.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from google.protobuf.message import DecodeError
from onnx import ModelProto

from cimc import __version__
from cimc.diagnostics import InputError
from cimc.driver.levels import text_of
from cimc.driver.verification import tensor_names
from cimc.golden import StoredModel
from cimc.target import Chip, Target, get_target
from cimc.weights import WeightStore

if TYPE_CHECKING:
    from cimc.driver.session import Session

__all__ = ["FORMAT", "Artifact", "check_destination", "check_folder", "load"]

#: Version of the directory's format; a reader refuses any other.
FORMAT = 1

_MANIFEST = "manifest.json"
_FILES = ("program.bin", "weights.npz", "chip.yaml", "model.onnx", "metrics.json")


@dataclass(frozen=True)
class Artifact:
    """A compiled network.

    ``inputs`` and ``outputs`` name the integer tensors at the border between host
    and device. ``metrics`` has the keys of ``metrics.json`` that compiling (and
    running, where that was asked for) determines.
    """

    target: Target
    name: str
    chip: Chip
    program: bytes
    weights: WeightStore
    golden: StoredModel
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    pipeline: str
    metrics: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def model(self) -> ModelProto:
        """The quantised model that the program computes."""
        return self.golden.model

    def ir(self, level: str) -> str:
        """The IR as it leaves a level: ``cnn``, ``tile``, or the target's name.

        The ISA is decoded from the program, the levels above it are compiled again
        from the quantised model.

        Raises:
            InputError: there is no such level (E053).
        """
        from cimc.driver.compilation import text_at_level

        if level == self.target.name:
            return text_of(self.target.decode(self.program))
        return text_at_level(self, level)

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
            (folder / "program.bin").write_bytes(self.program)
            (folder / "chip.yaml").write_text(self.chip.to_yaml(), encoding="utf-8")
            self.golden.save(folder / "model.onnx")
            _write_json(folder / "metrics.json", self.metrics)
            weights.result()
        manifest = {
            "format": FORMAT,
            "cimc": __version__,
            "target": self.target.name,
            "model": self.name,
            "inputs": list(self.inputs),
            "outputs": list(self.outputs),
            "pipeline": self.pipeline,
            "files": {name: _sha256(folder / name) for name in _FILES},
        }
        _write_json(folder / _MANIFEST, manifest)


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
    is_artifact = (path / _MANIFEST).is_file()
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
    manifest = _read_manifest(path)
    for name, expected in manifest["files"].items():
        if not (path / name).is_file():
            raise _broken(path, f"{name} is missing")
        if _sha256(path / name) != expected:
            raise _broken(path, f"{name} is not the file that the manifest describes")
    target = get_target(manifest["target"])
    golden = _read_golden(path)
    for name in (*manifest["inputs"], *manifest["outputs"]):
        if name not in tensor_names(golden.model):
            raise _broken(path, f"{_MANIFEST} names {name!r}, no tensor of the model")
    return Artifact(
        target=target,
        name=manifest["model"],
        chip=target.load_chip(str(path / "chip.yaml")),
        program=(path / "program.bin").read_bytes(),
        weights=WeightStore.load(path / "weights.npz"),
        golden=golden,
        inputs=tuple(manifest["inputs"]),
        outputs=tuple(manifest["outputs"]),
        pipeline=manifest["pipeline"],
        metrics=_read_object(path, "metrics.json"),
    )


def _read_golden(path: Path) -> StoredModel:
    golden = StoredModel((path / "model.onnx").read_bytes())
    try:
        _ = golden.model
    except DecodeError as error:
        raise _broken(path, "model.onnx is no ONNX model") from error
    return golden


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        found = _read_object(path, _MANIFEST)
    except OSError as error:
        raise InputError(
            "E051",
            f"is no artifact: {_MANIFEST} cannot be read",
            where=str(path),
            hints=("give the directory that `cimc compile -o` wrote",),
        ) from error
    if found.get("format") != FORMAT:
        raise InputError(
            "E051",
            f"artifact format {found.get('format')!r} is not supported",
            where=str(path),
            notes=(f"this version of cimc reads format {FORMAT}",),
            hints=("compile the model again",),
        )
    if not _well_formed(found):
        raise _broken(path, f"{_MANIFEST} lacks entries")
    return found


def _read_object(path: Path, name: str) -> dict[str, Any]:
    """The JSON object in a file of the artifact."""
    try:
        found = json.loads((path / name).read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise _broken(path, f"{name} is not text") from error
    except (json.JSONDecodeError, RecursionError) as error:
        raise _broken(path, f"{name} is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise _broken(path, f"{name} is not an object")
    return cast(dict[str, Any], found)


def _well_formed(manifest: Mapping[str, Any]) -> bool:
    """Whether all entries are there and of their kind."""
    texts = [manifest.get(key) for key in ("target", "model", "pipeline")]
    lists = [manifest.get(key) for key in ("inputs", "outputs")]
    files = manifest.get("files")
    return (
        all(isinstance(text, str) for text in texts)
        and all(isinstance(names, list) for names in lists)
        and all(isinstance(n, str) for names in lists for n in cast(list[Any], names))
        and isinstance(files, dict)
        and set(cast(dict[str, Any], files)) == set(_FILES)
    )


def _broken(path: Path, reason: str) -> InputError:
    return InputError(
        "E051",
        f"the artifact is damaged: {reason}",
        where=str(path),
        hints=("compile the model again",),
    )


def _replaceable(path: Path) -> bool:
    return path.is_dir() and ((path / _MANIFEST).is_file() or not any(path.iterdir()))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_json(path: Path, data: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
