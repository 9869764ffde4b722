"""Every level of the IR can be executed: which level a module is at, and how."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from xdsl.dialects.builtin import ModuleOp

from cimc.target import Chip, Target
from cimc.weights import Array, WeightStore

__all__ = ["Level", "execute", "level_of", "text_of"]

Level = Literal["cnn", "tile", "isa"]


def level_of(module: ModuleOp) -> Level:
    """The level of a module: that of the dialect its operations come from."""
    dialects = {op.dialect_name() for op in module.body.block.ops}
    if "cnn" in dialects:
        return "cnn"
    return "tile" if "tile" in dialects else "isa"


def text_of(module: ModuleOp) -> str:
    """The text of a module, as dumps hold it."""
    return f"{module!s}\n"


def execute(
    module: ModuleOp,
    weights: WeightStore,
    target: Target,
    chip: Chip,
    inputs: Mapping[str, Array],
) -> Mapping[str, Array]:
    """Feature maps (height, width, channels) by tensor name, for one image."""
    match level_of(module):
        case "cnn":
            from cimc.interpreters import cnn

            return cnn.interpret(module, weights, inputs)
        case "tile":
            from cimc.interpreters import tile

            return tile.interpret(module, weights, inputs)
        case "isa":
            program = target.encode(module)
            return target.simulator(program, weights, chip).run(inputs).feature_maps
