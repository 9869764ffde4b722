"""A loaded program of any instruction set: feed an image, run it, read what it gave."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from cimc.diagnostics import InputError, VerificationError
from cimc.isa.codec import decode
from cimc.isa.instruction_set import InstructionSet
from cimc.isa.machine import Machine
from cimc.simulation.layout import FINISHED
from cimc.simulation.state import State
from cimc.simulation.trace import TRACE_EVENTS, write_trace
from cimc.target import Simulation
from cimc.weights import Array

__all__ = ["ProgramSimulator", "check_batch", "check_inputs", "decode_for", "put"]

S = TypeVar("S", bound=State)


class ProgramSimulator(ABC, Generic[S]):
    """Runs a program image after image; a machine says how its memory is filled.

    One whose images can be under way at the same time says so, and how they run.
    """

    @property
    def batch(self) -> int:
        """Up to how many images are under way at the same time."""
        return 1

    @abstractmethod
    def new_state(self, trace_events: int) -> S:
        """The machine before an image, with room for so many events."""

    @abstractmethod
    def input_names(self) -> set[str]:
        """Tensors that the program takes."""

    @abstractmethod
    def write_input(self, state: S, tensor: str, values: Array) -> None:
        """Put an input of shape (height, width, channels) into memory."""

    @abstractmethod
    def trap(self, state: S, code: int) -> VerificationError:
        """The error for a trap."""

    @abstractmethod
    def feature_maps(self, state: S) -> Mapping[str, Array]:
        """All feature maps by tensor."""

    @abstractmethod
    def writer(self, state: S, tensor: str, index: tuple[int, int, int]) -> str:
        """Layer, unit and instruction that wrote an element."""

    @abstractmethod
    def metrics(self, state: S) -> Mapping[str, Any]:
        """Keys of metrics.json that the run determines, or the program alone."""

    def run(
        self, inputs: Mapping[str, Array], *, trace: Path | None = None
    ) -> Simulation:
        """Run one image; ``inputs`` maps tensor names to (height, width, channels).

        Raises:
            VerificationError: the program trapped (E041 to E049).
            InputError: the inputs are not those of the program (E025).
        """
        check_inputs(inputs, self.input_names())

        def loaded(trace_events: int) -> S:
            state = self.new_state(trace_events)
            for tensor, values in inputs.items():
                self.write_input(state, tensor, values)
            return state

        state = self.finished(loaded, trace)
        return Simulation(
            self.feature_maps(state),
            self.metrics(state),
            lambda tensor, index: self.writer(state, tensor, index),
        )

    def run_batch(
        self, images: Sequence[Mapping[str, Array]], *, trace: Path | None = None
    ) -> list[Simulation]:
        """Run a batch of images, ``trace`` all of it; like :meth:`run` otherwise."""
        check_batch(len(images), self.batch)
        return [self.run(inputs, trace=trace) for inputs in images]

    def finished(self, loaded: Callable[[int], S], trace: Path | None) -> S:
        """A machine at the end; ``loaded`` makes one with room for so many events.

        Raises:
            VerificationError: the program trapped (E041 to E049).
        """
        trace_events = TRACE_EVENTS if trace else 0
        state = loaded(trace_events)
        why = state.run()
        if why in state.races and state.loaded.widen():
            state = loaded(trace_events)
            why = state.run()
        if trace is not None:
            write_trace(state, trace)
        if why != FINISHED:
            raise self.trap(state, why)
        return state


def decode_for(isa: InstructionSet, program: bytes, machine: Machine) -> ModuleOp:
    """The module of a program that was compiled for ``machine``.

    Raises:
        InputError: the program is malformed, or for another chip (E022, E023).
    """
    module = decode(isa, program)
    compiled_for: Machine = isa.machine.get(module)
    if compiled_for != machine:
        raise InputError(
            "E022",
            f"the program was compiled for another chip ({compiled_for.name}) "
            f"than {machine.name} as described",
            hints=("use the chip.yaml that was written with the program",),
        )
    return module


def check_inputs(inputs: Mapping[str, Array], names: set[str]) -> None:
    """Refuse inputs that are not those of the program (E025)."""
    if set(inputs) != names:
        raise InputError(
            "E025",
            f"the program takes inputs {sorted(names)}, not {sorted(inputs)}",
        )


def check_batch(images: int, most: int) -> None:
    """Refuse a batch without images, or with more than the program has places for."""
    if not 1 <= images <= most:
        raise InputError(
            "E025", f"the program runs 1 to {most} images at a time, not {images}"
        )


def put(view: Array, values: Array, tensor: str) -> None:
    """Copy an input into ``view``, if shape and values fit (E025)."""
    info = np.iinfo(view.dtype)
    if values.shape != view.shape or values.dtype.kind not in "iu":
        raise InputError(
            "E025",
            f"input {tensor!r} is {values.dtype}{values.shape}, "
            f"the program takes {view.dtype}{view.shape}",
        )
    if values.min() < info.min or values.max() > info.max:
        raise InputError("E025", f"input {tensor!r} leaves the range of {view.dtype}")
    view[...] = values
