"""Names of ONNX nodes are any text: empty, equal, no identifiers, not even ASCII."""

import numpy as np
import pytest

from cimc.context import CompilationContext
from cimc.driver.levels import text_of
from cimc.driver.passes import parse_passes, run_passes
from cimc.driver.text import parse_module
from cimc.frontend import import_model
from cimc.target import get_target
from tests.support.qdq import QdqBuilder

NAMES = {
    "empty": lambda index, node: "",
    "equal": lambda index, node: "conv",
    "digits": lambda index, node: str(index),
    "space": lambda index, node: " " * (index + 1),
    "beyond ASCII": lambda index, node: f"Schicht/日本 ü{index}",
    "escapes": lambda index, node: f'a"b\\{index}\n',
    "keyword": lambda index, node: f"{index} core",
    "that of the result": lambda index, node: node.output[0],
}


@pytest.mark.parametrize("rename", NAMES.values(), ids=NAMES)
def test_every_stage_is_read_back_unchanged(rename):
    builder = QdqBuilder(np.int8)
    x = builder.input([1, 3, 5, 5], 0.1, 3)
    for channels in (3, 4):
        weights = np.ones((4, channels, 2, 2), np.int8)
        x = builder.dense("Conv", x, weights, np.full(4, 0.01), np.arange(4), 0.1, 1)
    model = builder.model(builder.op("Sigmoid", [x], 0.01, 0))
    for index, node in enumerate(model.graph.node):
        node.name = rename(index, node)
    imported = import_model(model, name="names")
    target = get_target("rram")
    chip = target.load_chip("rram-small")
    target.attach_chip(imported.module, chip)
    context = CompilationContext(weights=imported.weights)
    context.add_dialect(target.dialect())
    for pass_ in parse_passes(target.pipeline(chip, "latency")):
        run_passes(imported.module, context, [pass_])
        text = text_of(imported.module)
        assert text_of(parse_module(text, context, pass_.name)) == text
    program = target.encode(imported.module)
    assert target.encode(target.decode(program)) == program
