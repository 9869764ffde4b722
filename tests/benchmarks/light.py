"""``python -m tests.benchmarks.light [NAME…] [--target T]``: ONNX's own light graphs.

The ``onnx`` package has nine published networks whose weights are 0.02 throughout. Here
they get seeded random ones that keep activations alive, are quantised with random
images, compiled at full size, and one image is simulated and compared. Each run has a
process of its own, whose peak memory it prints; quantised models are kept in the cache.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from math import prod
from pathlib import Path

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, helper, numpy_helper

from cimc.frontend import import_model
from tests.benchmarks.cache import kept
from tests.support.qdq import feeds_for
from tests.support.trial import Trial, failed, quietly, show, try_on

#: The chip of each target that runs networks of this size.
CHIPS = {"rram": "pelke-128", "racetrack": "mu-64-large"}
TARGETS = tuple(CHIPS)

_FOLDER = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"

#: Operators that hand a constant on with another shape.
_RESHAPING = ("Reshape", "Unsqueeze")


def names() -> list[str]:
    """The networks."""
    return sorted(p.stem.removeprefix("light_") for p in _FOLDER.glob("*.onnx"))


def light_model(name: str) -> ModelProto:
    """A light graph with random weights, operators and shapes as published."""
    model = onnx.load(_FOLDER / f"light_{name}.onnx")
    graph, generator = model.graph, np.random.default_rng(list(name.encode()))
    shapes = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    made = {
        node.output[0]: tuple(map(int, shapes[node.input[0]]))
        for node in graph.node
        if node.op_type == "ConstantOfShape"
    }
    made |= {t.name: tuple(t.dims) for t in graph.initializer if t.data_type == 1}
    used = {name for node in graph.node for name in node.input} - made.keys()
    nodes = [node for node in graph.node if node.output[0] not in made]
    kept = [t for t in graph.initializer if t.name in used and t.name not in made]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(nodes)
    graph.initializer.extend(kept)
    readers = dict(_readers(graph.node))
    for constant, shape in made.items():
        if constant not in readers:
            continue
        array = _array(*readers[constant], shape, generator).astype(np.float32)
        graph.initializer.append(numpy_helper.from_array(array, constant))
    # Models of this age list constants as inputs, too.
    images = [info for info in graph.input if info.name not in shapes]
    del graph.input[:]
    graph.input.extend(images)
    graph.input.extend(
        helper.make_tensor_value_info(t.name, t.data_type, t.dims)
        for t in graph.initializer
    )
    return model


def _readers(nodes) -> Iterator[tuple[str, tuple[NodeProto, int]]]:
    """For each tensor an operator that reads it, and as which operand."""
    behind: dict[str, tuple[NodeProto, int]] = {}
    for node in reversed(nodes):
        for index, name in enumerate(node.input):
            passed_on = node.op_type in _RESHAPING and not index
            behind[name] = (
                behind.get(node.output[0], (node, 0)) if passed_on else (node, index)
            )
    yield from behind.items()


def _array(
    node: NodeProto,
    operand: int,
    shape: tuple[int, ...],
    generator: np.random.Generator,
) -> np.ndarray:
    """Random numbers for an operand of an operator.

    Weights are He-initialised with mean zero per output channel; factors and variances
    are about 1, what is added is about 0.1.
    """
    weights = node.op_type in ("Conv", "Gemm") and operand == 1
    factors = node.op_type == "Mul" or (
        node.op_type == "BatchNormalization" and operand in (1, 4)
    )
    if weights:
        values = generator.standard_normal(shape)
        values -= values.mean(tuple(range(1, len(shape))), keepdims=True)
        return values * np.sqrt(2 / prod(shape[1:]))
    return (
        generator.uniform(0.7, 1.3, shape)
        if factors
        else generator.normal(0, 0.1, shape)
    )


def trial_of(name: str, target: str) -> Trial:
    """Quantise, import, compile, simulate one image and compare."""
    try:
        path = quietly(kept, f"light-{name}", light_model(name))
        model = quietly(import_model, path)
        return try_on(model, target, [feeds_for(model.quantised)], CHIPS[target])
    except Exception as error:
        return failed(error)


def measured(name: str, target: str) -> Trial:
    """The trial in a process of its own, with its peak memory."""
    command = [sys.executable, "-m", "tests.benchmarks.light", name]
    result = subprocess.run(
        [*command, "--target", target, "--alone"], capture_output=True, text=True
    )
    if result.returncode:
        return Trial("crash", result.stderr.strip().split("\n")[-1])
    return Trial(**json.loads(result.stdout))


def main() -> None:
    """Print a table, and with ``--json`` a document on stdout."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.light")
    parser.add_argument("names", nargs="*", default=names())
    parser.add_argument("--target", action="append", choices=TARGETS)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    targets = chosen.target or TARGETS
    if chosen.alone:
        trial = trial_of(chosen.names[0], targets[0])
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000
        print(json.dumps(asdict(trial) | {"peak_mb": peak}))
        return
    found = {
        f"{name} on {target}": measured(name, target)
        for name in chosen.names
        for target in targets
    }
    show(found)
    if chosen.json:
        print(json.dumps({name: asdict(trial) for name, trial in found.items()}))


if __name__ == "__main__":
    main()
