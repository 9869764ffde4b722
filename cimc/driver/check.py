"""``check``: will it compile, where does each operator run, which chip does it need."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from cimc.diagnostics import CimcWarning, Diagnostic, DoesNotFitError, InputError
from cimc.driver.fit import phases_by_chip, try_chip
from cimc.driver.machines import load_machine
from cimc.frontend import (
    Calibration,
    CoverageRow,
    ImportedModel,
    Shapes,
    Source,
    coverage,
    import_model,
)

__all__ = ["FitReport", "check_model"]


@dataclass(frozen=True)
class FitReport:
    """Where operators run, and whether the network fits the chip.

    ``problem`` is what stands in the way, if anything; ``phases`` says of the presets
    of the target that run the network in how many phases they do.
    """

    chip: str
    rows: Sequence[CoverageRow]
    problem: Diagnostic | None
    exit_code: int
    demand: dict[str, Any]
    phases: Mapping[str, int]

    @property
    def arrays(self) -> dict[str, int]:
        """Crossbars, or arrays of tracks, that hold each layer's weights once."""
        layers = self.demand.get("layers", ())
        return {row["name"]: row["p_v"] * row["p_h"] for row in layers if row["macs"]}

    @property
    def fitting_chips(self) -> list[str]:
        """Presets that hold the network at once, the smallest first."""
        return [name for name, count in self.phases.items() if count == 1]

    @property
    def device_macs_share(self) -> float:
        """Part of the MACs that the device does; 1 where there are none."""
        found = sum(row.macs for row in self.rows if row.placement == "device")
        return found / (sum(row.macs for row in self.rows) or found or 1)

    def as_json(self) -> dict[str, Any]:
        """The report as a JSON object."""
        return {
            "chip": self.chip,
            "fits": self.problem is None,
            "problem": self.problem.as_json() if self.problem else None,
            "demand": self.demand,
            "fitting_chips": self.fitting_chips,
            "phases": dict(self.phases),
            "device_macs_share": self.device_macs_share,
            "operators": [
                {**asdict(row), "arrays": self.arrays.get(row.node, 0)}
                for row in self.rows
            ],
        }


def check_model(
    source: Source,
    *,
    target: str = "rram",
    chip: str | None = None,
    shapes: Shapes | None = None,
    calibration: Calibration | None = None,
) -> FitReport:
    """Try the whole compilation, without keeping anything of it.

    A float model is calibrated at random if there is no data: where operators run
    and what they need does not depend on it.

    Raises:
        InputError: the model cannot be read, or an option is at fault.
    """
    machine = load_machine(target, chip)
    backend, wanted = machine.target, machine.chip
    try:
        model = _import(source, shapes, calibration)
    except InputError as error:
        rows = coverage(source, shapes=shapes, calibration=calibration)
        if not any(row.placement == "refused" for row in rows) and any(
            row.placement == "device" for row in rows
        ):
            raise
        problem = error.diagnostic
        return FitReport(wanted.name, rows, problem, InputError.exit_code, {}, {})
    try:
        demand = dict(try_chip(model, backend, wanted))
        problem, exit_code = None, 0
    except DoesNotFitError as error:
        demand, problem, exit_code = {}, error.diagnostic, error.exit_code
    phases = phases_by_chip(model, backend)
    return FitReport(wanted.name, model.coverage, problem, exit_code, demand, phases)


def _import(
    source: Source, shapes: Shapes | None, calibration: Calibration | None
) -> ImportedModel:
    """Import a model; a float one without data is calibrated at random."""
    try:
        return import_model(source, shapes=shapes, calibration=calibration)
    except InputError as error:
        if error.diagnostic.code != "E121":
            raise
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CimcWarning)
        return import_model(source, shapes=shapes, calibration="random")
