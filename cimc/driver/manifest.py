"""``manifest.json`` of an artifact: what is in it, and checksums of all files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from cimc import __version__
from cimc.diagnostics import InputError
from cimc.driver.segment import Segment
from cimc.frontend import Border
from cimc.target import Part

__all__ = [
    "FORMAT",
    "MANIFEST",
    "SHARED_FILES",
    "broken",
    "program_file",
    "read_manifest",
    "read_object",
    "read_segment",
    "write_manifest",
]

#: Version of the directory's format; a reader refuses any other.
FORMAT = 2

MANIFEST = "manifest.json"

#: Files beside the programs of the segments.
SHARED_FILES = ("weights.npz", "chip.yaml", "model.onnx", "metrics.json")


def program_file(segment: int) -> str:
    """The file with the program of a device segment."""
    return f"program-{segment}.bin" if segment else "program.bin"


def write_manifest(
    folder: Path, target: str, model: str, segments: Sequence[Segment]
) -> None:
    """Describe the files in ``folder``."""
    programs = [program_file(number) for number in range(len(segments))]
    manifest = {
        "format": FORMAT,
        "cimc": __version__,
        "target": target,
        "model": model,
        "segments": [_entry(segment) for segment in segments],
        "files": {name: _sha256(folder / name) for name in (*programs, *SHARED_FILES)},
    }
    text = json.dumps(manifest, indent=2) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")


def _entry(segment: Segment) -> dict[str, Any]:
    part = segment.part
    return {
        "inputs": list(segment.border.inputs),
        "outputs": list(segment.border.outputs),
        "pipeline": segment.pipeline,
        **({"first": part.first, "structure": dict(part.structure)} if part else {}),
    }


def read_segment(entry: Mapping[str, Any], program: bytes) -> Segment:
    """The segment of an entry of the manifest."""
    border = Border(tuple(entry["inputs"]), tuple(entry["outputs"]))
    part = Part(entry["first"], entry["structure"]) if "first" in entry else None
    return Segment(program, border, entry["pipeline"], part)


def read_manifest(path: Path) -> dict[str, Any]:
    """The manifest of the artifact at ``path``, whose files are as it says.

    Raises:
        InputError: it is missing, altered or of another format, or a file is (E051).
    """
    manifest = _read(path)
    for name, expected in manifest["files"].items():
        if not (path / name).is_file():
            raise broken(path, f"{name} is missing")
        if _sha256(path / name) != expected:
            raise broken(path, f"{name} is not the file that the manifest describes")
    return manifest


def _read(path: Path) -> dict[str, Any]:
    try:
        found = read_object(path, MANIFEST)
    except OSError as error:
        raise InputError(
            "E051",
            f"is no artifact: {MANIFEST} cannot be read",
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
        raise broken(path, f"{MANIFEST} lacks entries")
    return found


def read_object(path: Path, name: str) -> dict[str, Any]:
    """The JSON object in a file of the artifact at ``path``.

    Raises:
        InputError: it is something else (E051).
    """
    try:
        found = json.loads((path / name).read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise broken(path, f"{name} is not text") from error
    except (json.JSONDecodeError, RecursionError) as error:
        raise broken(path, f"{name} is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise broken(path, f"{name} is not an object")
    return cast(dict[str, Any], found)


def _well_formed(manifest: Mapping[str, Any]) -> bool:
    """Whether all entries are there and of their kind."""
    segments, files = manifest.get("segments"), manifest.get("files")
    if not isinstance(segments, list) or not isinstance(files, dict):
        return False
    entries = cast(list[object], segments)
    programs = {program_file(number) for number in range(len(entries))}
    return (
        all(isinstance(manifest.get(key), str) for key in ("target", "model"))
        and bool(entries)
        and all(map(_is_segment, entries))
        and set(cast(dict[str, Any], files)) == programs | set(SHARED_FILES)
    )


def _is_segment(entry: object) -> bool:
    if not isinstance(entry, dict):
        return False
    found = cast(dict[str, Any], entry)
    lists = [found.get(key) for key in ("inputs", "outputs")]
    first, structure = found.get("first", 0), found.get("structure", {})
    return (
        all(isinstance(names, list) for names in lists)
        and all(isinstance(n, str) for names in lists for n in cast(list[Any], names))
        and isinstance(found.get("pipeline"), str)
        and type(first) is int
        and isinstance(structure, dict)
        and ("first" in found) == ("structure" in found)
        and all(type(v) is int for v in cast(dict[str, Any], structure).values())
    )


def broken(path: Path, reason: str) -> InputError:
    """The error for an artifact that is not as it was written."""
    return InputError(
        "E051",
        f"the artifact is damaged: {reason}",
        where=str(path),
        hints=("compile the model again",),
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
