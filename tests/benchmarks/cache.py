"""``python -m tests.benchmarks.cache NAME…``: quantised networks, kept on disk.

The folder is ``$CIMC_CACHE``, else ``~/.cache/cimc-benchmarks``. A file's name holds a
checksum of the float model and of what quantised it: versions, and the sources of the
frontend. What changes is quantised anew.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import ModelProto

import cimc
import cimc.frontend
from cimc.diagnostics import CimcWarning
from cimc.driver.quantisation import quantise_file
from cimc.frontend.shapes import model_inputs
from tests.benchmarks.graphs import FloatNetwork
from tests.benchmarks.networks import NETWORKS, scaled

#: Random images that activations are calibrated with.
_IMAGES = 4


def folder() -> Path:
    """Where the models are."""
    given = os.environ.get("CIMC_CACHE")
    return Path(given) if given else Path.home() / ".cache" / "cimc-benchmarks"


def quantised(name: str) -> Path:
    """The file of a quantised network; ``scaled1000`` has about 1000 crossbars.

    Another process builds it, so that its memory does not count in measurements.
    """
    command = [sys.executable, "-m", "tests.benchmarks.cache", name]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return Path(done.stdout.strip())


def kept(name: str, model: ModelProto) -> Path:
    """The file of a float model quantised with random images, made where it is not."""
    path = folder() / f"{name}-{_checksum(model)}.onnx"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = path.with_suffix(f".{os.getpid()}")
        quantise_file(model, scratch, calibration=_images(model))
        scratch.replace(path)
    return path


def build(name: str) -> FloatNetwork:
    """The float network of that name."""
    if name.startswith("scaled"):
        return scaled(int(name.removeprefix("scaled")))
    return NETWORKS[name]()


def _images(model: ModelProto) -> dict[str, np.ndarray]:
    """Uniform numbers in [0, 1), as for runs without data of one's own."""
    (info,) = model_inputs(model)
    shape = [dim.dim_value for dim in info.type.tensor_type.shape.dim]
    generator = np.random.default_rng(1)
    images = generator.random((_IMAGES, *shape[1:]))
    return {info.name: images.astype(np.float32)}


def _checksum(model: ModelProto) -> str:
    found = hashlib.sha256(model.SerializeToString(deterministic=True))
    for version in (cimc.__version__, onnx.__version__, onnxruntime.__version__):
        found.update(version.encode())
    for source in sorted(Path(cimc.frontend.__file__).parent.rglob("*.py")):
        found.update(source.read_bytes())
    return found.hexdigest()[:12]


if __name__ == "__main__":
    warnings.simplefilter("ignore", CimcWarning)
    for wanted in sys.argv[1:] or NETWORKS:
        print(kept(wanted, build(wanted).model))
