"""What a backend owes the rest of cimc, and the registry of backends.

A backend is found by name through the entry-point group ``cimc.targets``; cimc's
own take the same way as anybody else's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from cimc.diagnostics import InputError
from cimc.objective import Objective
from cimc.weights import Array, WeightStore

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp
    from xdsl.ir import Dialect
    from xdsl.passes import ModulePass

__all__ = [
    "Chip",
    "Nonidealities",
    "Part",
    "Simulation",
    "Simulator",
    "SimulatorFactory",
    "Specimen",
    "Target",
    "get_target",
    "target_names",
]

_GROUP = "cimc.targets"


class Chip(Protocol):
    """A chip description that has been read and validated."""

    @property
    def name(self) -> str:
        """Name of the chip, as in ``--chip``."""
        ...

    def to_yaml(self) -> str:
        """The whole description with its provenance, as text."""
        ...

    def with_structure(self, **sizes: int) -> Chip:
        """The same chip with other sizes; raises InputError where they are unfit."""
        ...


class Nonidealities(Protocol):
    """What the devices of a machine do other than they should, and how often."""

    @property
    def name(self) -> str:
        """Name of the description, as in ``--nonidealities``."""
        ...

    def to_yaml(self) -> str:
        """The whole description with its provenance, as text."""
        ...


@dataclass(frozen=True)
class Specimen:
    """One chip of those that non-idealities make differ: the one with this ``seed``.

    ``repair`` names what is done about its faults, as far as a target knows how. A
    program uses its cores or banks from ``first`` on.
    """

    nonidealities: Nonidealities
    seed: int
    repair: str = "none"
    first: int = 0

    def entropy(self, *purpose: int) -> list[int]:
        """What random numbers for a purpose begin with: others for each part."""
        return [self.seed, *purpose, *([self.first] if self.first else [])]


@dataclass(frozen=True)
class Part:
    """A part of a chip: the cores or banks from ``first`` on, as ``structure`` says."""

    first: int
    structure: Mapping[str, int]

    def of(self, chip: Chip) -> Chip:
        """The part as a chip by itself.

        Raises:
            InputError: a size is unknown or out of bounds (E021).
        """
        return chip.with_structure(**self.structure)


@dataclass(frozen=True)
class Simulation:
    """What one run of a program on one image gave.

    ``feature_maps`` maps tensor names to integer arrays (height, width, channels).
    ``metrics`` holds the keys of ``metrics.json`` that the run determines (cycles,
    time_ns, energy_pj, instructions, layers, traffic, …); those of a batch are of all
    its images.
    """

    feature_maps: Mapping[str, Array]
    metrics: Mapping[str, Any]
    writer_of: Callable[[str, tuple[int, int, int]], str]
    """Layer, core and instruction that wrote an element (tensor, index) in this run."""


class Simulator(Protocol):
    """A loaded program, ready to run image after image."""

    @property
    def batch(self) -> int:
        """Up to how many images are under way at the same time."""
        ...

    def run(
        self, inputs: Mapping[str, Array], *, trace: Path | None = None
    ) -> Simulation:
        """Run one image; ``inputs`` maps tensor names to (height, width, channels).

        Raises:
            VerificationError: the program trapped (names core, instruction, layer).
        """
        ...

    def run_batch(
        self, images: Sequence[Mapping[str, Array]], *, trace: Path | None = None
    ) -> Sequence[Simulation]:
        """Run up to ``batch`` images at the same time; like :meth:`run` otherwise."""
        ...


class SimulatorFactory(Protocol):
    """Loads a program with its constants."""

    def __call__(
        self,
        program: bytes,
        weights: WeightStore,
        chip: Chip,
        specimen: Specimen | None = None,
    ) -> Simulator:
        """A simulator of an ideal chip, or of a ``specimen``."""
        ...


@dataclass(frozen=True)
class Target:
    """One kind of hardware: everything cimc needs to compile for it.

    Each field is a function, so that importing a backend's package stays cheap.
    """

    name: str
    summary: str
    chip_names: Callable[[], Sequence[str]]
    default_chip: str
    load_chip: Callable[[str], Chip]
    """Chip by preset name or path of a YAML file."""
    dialect: Callable[[], Dialect]
    passes: Mapping[str, Callable[[], type[ModulePass]]]
    """The backend's own passes: name → lazy class."""
    attach_chip: Callable[[ModuleOp, Chip], None]
    """Write the chip into the module, where passes find it."""
    pipeline: Callable[[Chip, Objective], str]
    """The default pipeline from the ``cnn`` level to the ISA, as text."""
    encode: Callable[[ModuleOp], bytes]
    """ISA module → program bytes."""
    decode: Callable[[bytes], ModuleOp]
    """Program bytes → ISA module; raises InputError on anything malformed."""
    simulator: SimulatorFactory
    static_metrics: Callable[[ModuleOp, Chip], Mapping[str, Any]]
    """Keys of ``metrics.json`` that follow from the program alone."""
    share: Callable[[Chip, Sequence[ModuleOp]], Sequence[Part] | None]
    """Parts of a chip for ISA modules that are to be on it at the same time, each of
    which was compiled for the whole chip; None if they do not fit."""
    crossing: Callable[[Chip, int, int], Mapping[str, Any]]
    """``bytes``, ``cycles``, ``time_ns`` and ``energy_pj`` of so many bytes from the
    host to the chip and so many back."""
    fidelities: Mapping[str, SimulatorFactory] = field(
        default_factory=dict[str, "SimulatorFactory"]
    )
    """Simulators by level of detail, where there are several."""
    load_nonidealities: Callable[[str], Nonidealities] | None = None
    """Non-idealities by preset name or path of a YAML file."""
    repairs: Sequence[str] = ("none",)
    """What can be done about faults of a specimen."""
    streaming_pipeline: Callable[[Chip, Objective, int], str] | None = None
    """The pipeline for batches of so many images that are under way at the same time,
    where there is one."""

    def pipeline_for(self, chip: Chip, objective: Objective, batch: int) -> str:
        """The default pipeline for batches of ``batch`` images.

        Raises:
            InputError: there is none for such batches (E007).
        """
        if batch == 1:
            return self.pipeline(chip, objective)
        if batch < 1 or self.streaming_pipeline is None:
            raise InputError(
                "E007",
                f"target {self.name} cannot work on {batch} images at the same time",
                where="--batch",
                hints=("leave it out: images run one after another",),
            )
        return self.streaming_pipeline(chip, objective, batch)

    def nonidealities(self, source: str) -> Nonidealities:
        """The non-idealities of a preset or YAML file.

        Raises:
            InputError: there are none of that name or for this target, or they are
                unfit (E027).
        """
        if self.load_nonidealities is None:
            raise InputError(
                "E027",
                f"target {self.name} has no non-idealities",
                where="--nonidealities",
            )
        return self.load_nonidealities(source)

    def check_repair(self, name: str) -> None:
        """Look whether something of that name can be done about faults.

        Raises:
            InputError: there is no such thing (E027).
        """
        if name not in self.repairs:
            raise InputError(
                "E027",
                f"target {self.name} knows no repair {name!r}",
                where="--repair",
                hints=(f"one of: {', '.join(self.repairs)}",),
            )

    def simulator_at(self, fidelity: str | None) -> SimulatorFactory:
        """The simulator of a level of detail, by default ``simulator``.

        Raises:
            InputError: there is no such level (E006).
        """
        if fidelity is None:
            return self.simulator
        if fidelity not in self.fidelities:
            known = ", ".join(self.fidelities)
            raise InputError(
                "E006",
                f"target {self.name} has no simulator of fidelity {fidelity!r}",
                where="--fidelity",
                hints=(f"one of: {known}" if known else "leave it out",),
            )
        return self.fidelities[fidelity]


def target_names() -> list[str]:
    """Names of all installed targets, sorted."""
    return sorted({point.name for point in entry_points(group=_GROUP)})


def get_target(name: str) -> Target:
    """The target called ``name``.

    Raises:
        InputError: no installed package provides it (E001).
    """
    for point in entry_points(group=_GROUP, name=name):
        target = point.load()
        assert isinstance(target, Target), f"{point.value} is not a Target"
        return target
    raise InputError(
        "E001",
        f"unknown target {name!r}",
        hints=(f"one of: {', '.join(target_names())}",),
    )
