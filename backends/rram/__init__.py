"""Multi-core RRAM: one program per core, synchronised by CALL and WAIT."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cimc.passes import lazy_pass
from cimc.target import Chip, Simulator, Target
from cimc.weights import WeightStore

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp
    from xdsl.ir import Dialect

    from cimc.backends.rram.chip import Chip as RramChip

__all__ = ["TARGET"]


def _own(chip: Chip) -> RramChip:
    """``chip``, which came from this target."""
    from cimc.backends.rram.chip import Chip as RramChip

    assert isinstance(chip, RramChip)
    return chip


def _chip_names() -> Sequence[str]:
    from cimc.backends.rram.chip import CHIPS

    return CHIPS.names()


def _load_chip(source: str) -> Chip:
    from cimc.backends.rram.chip import CHIPS

    return CHIPS.load(source)


def _dialect() -> Dialect:
    from cimc.backends.rram.instruction_set import RRAM

    return RRAM.dialect


def _attach_chip(module: ModuleOp, chip: Chip) -> None:
    from cimc.backends.rram.machine import CHIP

    CHIP.attach(module, _own(chip).machine())


def _pipeline(chip: Chip) -> str:
    from cimc.backends.rram.pipeline import pipeline

    return pipeline(_own(chip).machine())


def _encode(module: ModuleOp) -> bytes:
    from cimc.backends.rram.instruction_set import RRAM
    from cimc.isa.codec import encode

    return encode(RRAM, module)


def _decode(program: bytes) -> ModuleOp:
    from cimc.backends.rram.instruction_set import RRAM
    from cimc.isa.codec import decode

    return decode(RRAM, program)


def _simulator(program: bytes, weights: WeightStore, chip: Chip) -> Simulator:
    from cimc.backends.rram.simulator.simulator import RramSimulator

    return RramSimulator(program, weights, _own(chip))


def _static_metrics(module: ModuleOp, chip: Chip) -> Mapping[str, Any]:
    from cimc.backends.rram.cost import static_metrics

    return static_metrics(module, _own(chip))


TARGET = Target(
    name="rram",
    summary="multi-core RRAM crossbars that accumulate in shared memory",
    default_chip="pelke-128",
    chip_names=_chip_names,
    load_chip=_load_chip,
    dialect=_dialect,
    passes={
        "convert-tile-to-rram": lazy_pass(
            "cimc.backends.rram.lowering.convert_tile_to_rram", "ConvertTileToRram"
        ),
    },
    attach_chip=_attach_chip,
    pipeline=_pipeline,
    encode=_encode,
    decode=_decode,
    simulator=_simulator,
    static_metrics=_static_metrics,
)
