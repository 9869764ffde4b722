"""Racetrack memory: banks that multiply beside the tracks that hold the weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cimc.passes import lazy_pass
from cimc.target import Chip, Simulator, Target
from cimc.weights import WeightStore

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp
    from xdsl.ir import Dialect

    from cimc.backends.racetrack.chip import Chip as RacetrackChip

__all__ = ["TARGET"]


def _own(chip: Chip) -> RacetrackChip:
    """``chip``, which came from this target."""
    from cimc.backends.racetrack.chip import Chip as RacetrackChip

    assert isinstance(chip, RacetrackChip)
    return chip


def _chip_names() -> Sequence[str]:
    from cimc.backends.racetrack.chip import CHIPS

    return CHIPS.names()


def _load_chip(source: str) -> Chip:
    from cimc.backends.racetrack.chip import CHIPS

    return CHIPS.load(source)


def _dialect() -> Dialect:
    from cimc.backends.racetrack.instruction_set import RACETRACK

    return RACETRACK.dialect


def _attach_chip(module: ModuleOp, chip: Chip) -> None:
    from cimc.backends.racetrack.machine import CHIP

    CHIP.attach(module, _own(chip).machine())


def _pipeline(chip: Chip) -> str:
    from cimc.backends.racetrack.pipeline import pipeline

    return pipeline(_own(chip).machine())


def _encode(module: ModuleOp) -> bytes:
    from cimc.backends.racetrack.instruction_set import RACETRACK
    from cimc.isa.codec import encode

    return encode(RACETRACK, module)


def _decode(program: bytes) -> ModuleOp:
    from cimc.backends.racetrack.instruction_set import RACETRACK
    from cimc.isa.codec import decode

    return decode(RACETRACK, program)


def _simulator(program: bytes, weights: WeightStore, chip: Chip) -> Simulator:
    from cimc.backends.racetrack.simulator.simulator import RacetrackSimulator

    return RacetrackSimulator(program, weights, _own(chip))


def _domain_simulator(program: bytes, weights: WeightStore, chip: Chip) -> Simulator:
    from cimc.backends.racetrack.simulator.domains import DomainSimulator

    return DomainSimulator(program, weights, _own(chip))


def _static_metrics(module: ModuleOp, chip: Chip) -> Mapping[str, Any]:
    from cimc.backends.racetrack.cost import static_metrics

    return static_metrics(module, _own(chip))


_LOWERING = "cimc.backends.racetrack.lowering.convert_tile_to_racetrack"
_PASSES = "cimc.backends.racetrack.passes"

TARGET = Target(
    name="racetrack",
    summary="banks of racetrack memory that multiply beside their tracks",
    default_chip="mu-64",
    chip_names=_chip_names,
    load_chip=_load_chip,
    dialect=_dialect,
    passes={
        "order-domains": lazy_pass(f"{_PASSES}.order_domains", "OrderDomains"),
        "allocate-map-arrays": lazy_pass(
            f"{_PASSES}.allocate_map_arrays", "AllocateMapArrays"
        ),
        "convert-tile-to-racetrack": lazy_pass(_LOWERING, "ConvertTileToRacetrack"),
    },
    attach_chip=_attach_chip,
    pipeline=_pipeline,
    encode=_encode,
    decode=_decode,
    simulator=_simulator,
    static_metrics=_static_metrics,
    fidelities={"lane": _simulator, "domain": _domain_simulator},
)
