"""A target from a package that is laid out like cimc's own backends.

The package has the modules ``chip`` (``CHIPS``), ``nonideality`` (``NONIDEALITIES``),
``instruction_set`` (``ISA``), ``pipeline`` (``pipeline``), ``cost``
(``static_metrics``), ``segments`` (``share``, ``crossing``) and
``simulator.simulator`` (``Simulator``). None is imported before it is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from cimc.objective import Objective
from cimc.target import (
    Chip,
    Nonidealities,
    Part,
    Simulator,
    SimulatorFactory,
    Specimen,
    Target,
)
from cimc.weights import WeightStore

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp
    from xdsl.ir import Dialect
    from xdsl.passes import ModulePass

    from cimc.isa.instruction_set import InstructionSet

__all__ = ["package_target"]


def package_target(
    package: str,
    *,
    name: str,
    summary: str,
    default_chip: str,
    passes: Mapping[str, Callable[[], type[ModulePass]]],
    simulators: Mapping[str, tuple[str, str]] | None = None,
    streams: bool = False,
    repairs: Sequence[str] = ("none",),
) -> Target:
    """The target whose modules are in ``package``.

    ``simulators`` gives module and class of each fidelity, where there are several.
    ``streams`` says that ``pipeline`` takes a number of images that are under way at
    the same time. ``repairs`` are what its simulator can do about faults.
    """

    def part(module: str, member: str) -> Any:
        return getattr(import_module(f"{package}.{module}"), member)

    def isa() -> InstructionSet:
        return part("instruction_set", "ISA")

    def chip_names() -> Sequence[str]:
        return part("chip", "CHIPS").by_size()

    def load_chip(source: str) -> Chip:
        return part("chip", "CHIPS").load(source)

    def dialect() -> Dialect:
        return isa().dialect

    def attach_chip(module: ModuleOp, chip: Chip) -> None:
        isa().machine.attach(module, _described(chip).machine())

    def pipeline(chip: Chip, objective: Objective) -> str:
        return part("pipeline", "pipeline")(chip, objective)

    def streaming_pipeline(chip: Chip, objective: Objective, batch: int) -> str:
        return part("pipeline", "pipeline")(chip, objective, batch)

    def encode(module: ModuleOp) -> bytes:
        from cimc.isa import codec

        return codec.encode(isa(), module)

    def decode(program: bytes) -> ModuleOp:
        from cimc.isa import codec

        return codec.decode(isa(), program)

    def load_nonidealities(source: str) -> Nonidealities:
        return part("nonideality", "NONIDEALITIES").load(source)

    def simulator(module: str, member: str) -> SimulatorFactory:
        def make(
            program: bytes,
            weights: WeightStore,
            chip: Chip,
            specimen: Specimen | None = None,
        ) -> Simulator:
            return part(module, member)(program, weights, chip, specimen)

        return make

    def static_metrics(module: ModuleOp, chip: Chip) -> Mapping[str, Any]:
        return part("cost", "static_metrics")(module, chip)

    def share(chip: Chip, modules: Sequence[ModuleOp]) -> Sequence[Part] | None:
        return part("segments", "share")(chip, modules)

    def crossing(chip: Chip, taken: int, given: int) -> Mapping[str, Any]:
        return part("segments", "crossing")(chip, taken, given)

    return Target(
        name=name,
        summary=summary,
        default_chip=default_chip,
        chip_names=chip_names,
        load_chip=load_chip,
        dialect=dialect,
        passes=passes,
        attach_chip=attach_chip,
        pipeline=pipeline,
        encode=encode,
        decode=decode,
        simulator=simulator("simulator.simulator", "Simulator"),
        static_metrics=static_metrics,
        share=share,
        crossing=crossing,
        fidelities={
            name: simulator(*place) for name, place in (simulators or {}).items()
        },
        load_nonidealities=load_nonidealities,
        repairs=repairs,
        streaming_pipeline=streaming_pipeline if streams else None,
    )


def _described(chip: Chip) -> Any:
    """``chip``, which came from this target and so has a description behind it."""
    return chip
