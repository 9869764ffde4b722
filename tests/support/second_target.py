"""Another target beside rram, which counts and measures other things.

It is the rram machine under another name, so that what is expected of it is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import entry_points
from types import SimpleNamespace
from typing import Any

import pytest

from cimc.backends.rram import TARGET
from cimc.diagnostics import InputError
from cimc.target import Chip, Simulation, Simulator, Target

CHIP = "glass-64"
NAME = "mirror"

_OF_RRAM = ("crossbars", "cores", "area_mm2", "memory_bytes")


def _renamed(program: bytes, old: str, new: str) -> bytes:
    """The program with another target in its header."""
    old_field, new_field = (name.encode().ljust(8, b"\0") for name in (old, new))
    return program.replace(old_field, new_field, 1)


@dataclass
class _Simulator:
    inner: Simulator
    wrong: bool
    batch: int = 1

    def run_batch(self, images, *, trace=None) -> list[Simulation]:
        return [self.run(inputs, trace=trace) for inputs in images]

    def run(self, inputs, *, trace=None) -> Simulation:
        found = self.inner.run(inputs, trace=trace)
        maps = dict(found.feature_maps)
        if self.wrong:
            tensor = list(maps)[-1]
            maps[tensor] = maps[tensor].copy()
            maps[tensor].flat[0] ^= 1
        metrics = {k: v for k, v in found.metrics.items() if k not in _OF_RRAM}
        metrics["shifts"] = {"total": 5100, "bound": 5000}
        return replace(found, feature_maps=maps, metrics=metrics)


@dataclass
class SecondTarget:
    """``wrong`` makes its simulator get one number wrong; ``chips`` are its presets."""

    name: str = NAME
    wrong: bool = False
    chips: tuple[str, ...] = (CHIP,)

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        target = self.target()

        def points(group: str, name: str | None = None) -> list[Any]:
            mine = SimpleNamespace(name=self.name, value="", load=lambda: target)
            known = [*entry_points(group=group), mine]
            return [point for point in known if name in (None, point.name)]

        monkeypatch.setattr("cimc.target.entry_points", points)

    def target(self) -> Target:
        return replace(
            TARGET,
            name=self.name,
            summary="rram in a mirror",
            chip_names=lambda: self.chips,
            default_chip=CHIP,
            load_chip=self._load_chip,
            encode=lambda module: _renamed(TARGET.encode(module), "rram", self.name),
            decode=lambda program: TARGET.decode(_renamed(program, self.name, "rram")),
            simulator=lambda program, weights, chip, specimen=None: _Simulator(
                TARGET.simulator(
                    _renamed(program, self.name, "rram"), weights, chip, specimen
                ),
                self.wrong,
            ),
            static_metrics=self._static_metrics,
        )

    def _load_chip(self, source: str) -> Chip:
        if source == CHIP:
            return TARGET.load_chip("pelke-64").model_copy(update={"name": CHIP})
        if not source.endswith(".yaml"):
            raise InputError("E021", f"unknown chip {source!r}")
        return TARGET.load_chip(source)

    def _static_metrics(self, module: Any, chip: Chip) -> Mapping[str, Any]:
        found = dict(TARGET.static_metrics(module, chip))
        return {
            "instructions": found["instructions"],
            "macro_units": found["crossbars"],
            "area_mm2": {"total": 1.2345},
            "memory_bytes": {"weights": 61_700},
        }
