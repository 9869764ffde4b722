"""The doors through which bytes that somebody else made come into cimc.

Each is a function of bytes that may return or raise :class:`CimcError`, nothing else,
with examples that it accepts.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from math import prod
from pathlib import Path

import numpy as np

import cimc
from cimc.context import CompilationContext
from cimc.driver.levels import level_of, text_of
from cimc.driver.text import parse_module
from cimc.frontend import import_model
from cimc.frontend.load import load_model
from cimc.frontend.shapes import fix_shapes
from cimc.target import get_target
from tests.fuzz.mutations import mutate_model
from tests.support.qdq import QdqBuilder

TARGETS = ("rram", "racetrack")

#: IR of all levels.
_TEXTS = Path(__file__).parents[1] / "filecheck"

_FILES = (
    *("manifest.json", "program.bin", "weights.npz"),
    *("chip.yaml", "model.onnx", "metrics.json"),
)


@dataclass(frozen=True)
class Surface:
    """One door: what reads the bytes, examples, and a mutation that knows the format.

    ``mutate`` takes an input and a seed.
    """

    read: Callable[[bytes], None]
    seeds: Callable[[], Iterator[bytes]]
    mutate: Callable[[bytes, int], bytes] | None = None

    def accept(self, data: bytes) -> cimc.CimcError | None:
        """Read ``data``; the diagnostic, if it is refused."""
        try:
            self.read(data)
        except cimc.CimcError as error:
            return error
        return None


#: Elements of the feature maps of a model up to which calibration is quick.
_SMALL = 1 << 20


def read_model(data: bytes) -> None:
    """The frontend, as far as the ``cnn`` level; of large models only the shapes."""
    model = load_model(data)
    fix_shapes(model)
    infos = (*model.graph.input, *model.graph.value_info)
    shapes = ((dim.dim_value for dim in i.type.tensor_type.shape.dim) for i in infos)
    if sum(map(prod, shapes)) > _SMALL:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import_model(data, calibration="random")


def model_seeds() -> Iterator[bytes]:
    """Small quantised networks with most operators, and a float one."""
    for dtype in (np.int8, np.uint8):
        yield _quantised(dtype).SerializeToString()
    yield _float().SerializeToString()


def _quantised(dtype):
    b = QdqBuilder(dtype)
    numbers = np.random.default_rng(0)
    x = b.input([1, 2, 5, 4], 0.02, 3)
    weights = numbers.integers(-9, 9, (4, 1, 3, 3)).astype(np.int8)
    scales = np.full(4, 0.01, np.float32)
    y = b.dense("Conv", x, weights, scales, [1, 2, 3, 4], 0.1, 0, group=2, pads=[1] * 4)
    pooled = b.op("MaxPool", [y], 0.1, 0, kernel_shape=[2, 2], strides=[2, 2])
    table = b.op("Sigmoid", [pooled], 0.004, 1)
    both = b.op(
        "Concat", [b.op("Add", [pooled, table], 0.1, 2), pooled], 0.1, 0, axis=1
    )
    mean = b.op("GlobalAveragePool", [both], 0.1, 0)
    flat = b.op("Flatten", [mean], 0.1, 0)
    dense = numbers.integers(-9, 9, (3, 8)).astype(np.int8)
    z = b.dense("Gemm", flat, dense, scales[:3], None, 0.1, 0, transB=1)
    return b.model(z)


def _float():
    from tests.benchmarks.graphs import GraphBuilder

    b = GraphBuilder("tiny", 6)
    x = b.conv(b.image(), 4, 3, 2)
    y = b.add(x, b.conv(x, 4, 1))
    return b.network(b.dense(b.pool(y, 2, 1), 3)).model


@cache
def _artifacts() -> Mapping[str, Path]:
    """A small artifact of each target, which no input can change."""
    folder = Path(tempfile.mkdtemp(prefix="cimc-fuzz-"))
    for target in TARGETS:
        cimc.compile(_quantised(np.int8), target).save(folder / target)
    return {target: folder / target for target in TARGETS}


def read_artifact(data: bytes) -> None:
    """An artifact one file of which is replaced, up to a session that could run.

    The first byte chooses target and file. Checksums are made right, so that what is
    behind them is reached.
    """
    which, content = divmod(data[0] if data else 0, len(_FILES)), data[1:]
    name = _FILES[which[1]]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "artifact"
        shutil.copytree(_artifacts()[TARGETS[which[0] % len(TARGETS)]], folder)
        (folder / name).write_bytes(content)
        if name != "manifest.json":
            manifest = json.loads((folder / "manifest.json").read_text())
            manifest["files"][name] = hashlib.sha256(content).hexdigest()
            (folder / "manifest.json").write_text(json.dumps(manifest))
        cimc.load(folder).session()


def artifact_seeds() -> Iterator[bytes]:
    """Every file of the small artifacts."""
    for number, target in enumerate(TARGETS):
        for index, name in enumerate(_FILES):
            content = (_artifacts()[target] / name).read_bytes()
            yield bytes([number * len(_FILES) + index]) + content


def read_text(data: bytes) -> None:
    """IR text of any level, parsed, checked and printed; programs are assembled."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return
    context = CompilationContext()
    for name in TARGETS:
        context.register_dialect(name, get_target(name).dialect)
    module = parse_module(text, context, "fuzz")
    text_of(module)
    dialects = {op.dialect_name() for op in module.body.block.ops}
    if level_of(module) == "isa" and len(dialects) == 1:
        get_target(dialects.pop()).encode(module)


def text_seeds() -> Iterator[bytes]:
    """The modules of the filecheck tests, and programs of the small artifacts."""
    for path in sorted(_TEXTS.rglob("*.mlir")):
        for part in path.read_text().split("// -----"):
            yield part.encode()
    for target, folder in _artifacts().items():
        yield cimc.load(folder).ir(target).encode()


def read_chip(data: bytes) -> None:
    """A chip description for each target, and the pipeline that it leads to."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "chip.yaml"
        path.write_bytes(data)
        refusals = [_refused(target, path) for target in TARGETS]
    if all(refusals):
        raise refusals[0]


def _refused(name: str, path: Path) -> cimc.CimcError | None:
    target = get_target(name)
    try:
        target.pipeline_for(target.load_chip(str(path)), "latency", 1)
    except cimc.CimcError as error:
        return error
    return None


def chip_seeds() -> Iterator[bytes]:
    """The presets."""
    root = Path(cimc.__file__).parents[1] / "backends"
    for path in sorted(root.glob("*/chips/*.yaml")):
        yield path.read_bytes()


SURFACES: Mapping[str, Surface] = {
    "model": Surface(read_model, model_seeds, mutate_model),
    "artifact": Surface(read_artifact, artifact_seeds),
    "text": Surface(read_text, text_seeds),
    "chip": Surface(read_chip, chip_seeds),
}
