"""One quantised model on several machines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

from cimc.diagnostics import CimcError, VerificationError
from cimc.driver.artifact import Artifact, check_destination, check_folder
from cimc.driver.compilation import Compilation, compile_imported
from cimc.driver.execution import Progress, execute_images
from cimc.driver.inputs import Images, ImageSource
from cimc.driver.machines import Machine
from cimc.driver.passes import Observer
from cimc.frontend import Calibration, Shapes, Source, import_model
from cimc.objective import Objective

__all__ = ["Outcome", "Watch", "compare_machines", "destinations", "exit_code_of"]

#: Exit codes of which the last one that applies to some machine is that of all.
_SEVERITY = (0, 2, 3, 1, 70)


@dataclass(frozen=True)
class Watch:
    """How somebody can follow what happens, machine by machine.

    ``observer`` gives whom to call after each pass, ``progress`` a context with whom
    to tell how many of how many images are simulated.
    """

    observer: Callable[[Machine], Observer]
    progress: Callable[[Machine], AbstractContextManager[Progress]]


@dataclass(frozen=True)
class Outcome:
    """What became of the model on one machine.

    ``compilation`` is there unless compiling failed; ``error`` says what failed, if
    anything. ``artifact`` is there unless its result is wrong or nothing came about.
    ``metrics`` holds what is known in any case, at least target, chip and model.
    """

    machine: Machine
    metrics: Mapping[str, Any]
    compilation: Compilation | None = None
    artifact: Artifact | None = None
    error: CimcError | None = None

    def as_json(self) -> dict[str, Any]:
        """The metrics, with the diagnostic as ``error`` if something failed."""
        if self.error is None:
            return dict(self.metrics)
        return {**self.metrics, "error": self.error.diagnostic.as_json()}


def exit_code_of(outcomes: Sequence[Outcome]) -> int:
    """The gravest of all: a fault, a wrong result, does not fit, unfit input."""
    codes = [found.error.exit_code if found.error else 0 for found in outcomes]
    return max(codes, key=_SEVERITY.index)


def destinations(folder: Path, machines: Sequence[Machine]) -> list[Path]:
    """Where in ``folder`` the artifact of each machine goes.

    Raises:
        InputError: something else is there that must not be overwritten (E052).
    """
    check_folder(folder)
    paths = [folder / machine.folder for machine in machines]
    for path in paths:
        check_destination(path)
    return paths


def compare_machines(
    source: Source,
    machines: Sequence[Machine],
    *,
    shapes: Shapes | None = None,
    calibration: Calibration | None = None,
    objective: Objective = "latency",
    batch: int = 1,
    images: ImageSource,
    run: bool = False,
    verify_each: bool = False,
    watch: Watch,
) -> list[Outcome]:
    """Compile a model for every machine, and run it there with ``run``.

    The model is read and quantised once, so all machines run the same numbers. What
    fails on one machine does not keep the others from being compiled. ``images`` gives
    what ``run`` and ``verify_each`` execute and compare with onnxruntime.

    Raises:
        InputError: the model, the data or an option is at fault.
    """
    start = perf_counter()
    model = import_model(source, shapes=shapes, calibration=calibration)
    seconds = perf_counter() - start
    chosen = images(model.quantised) if run or verify_each else None
    outcomes: list[Outcome] = []
    for machine in machines:
        known = {
            "target": machine.target.name,
            "chip": machine.chip.name,
            "model": model.name,
        }
        try:
            compilation = compile_imported(
                model,
                machine,
                import_seconds=seconds,
                objective=objective,
                batch=batch,
                verify_each=chosen if verify_each else None,
                observer=watch.observer(machine),
            )
        except CimcError as error:
            outcomes.append(Outcome(machine, known, error=error))
            continue
        found = Outcome(
            machine, compilation.report(), compilation, compilation.artifact
        )
        if run and chosen is not None:
            found = _executed(found, compilation, chosen, watch)
        outcomes.append(found)
    return outcomes


def _executed(
    found: Outcome, compilation: Compilation, images: Images, watch: Watch
) -> Outcome:
    """The outcome after running and verifying."""
    artifact = compilation.artifact
    try:
        with watch.progress(found.machine) as progress:
            execution = execute_images(artifact, images, verify=True, progress=progress)
    except CimcError as error:
        return replace(found, artifact=None, error=error)
    metrics = compilation.report(execution)
    try:
        if execution.verified is not None:
            execution.verified.require()
    except VerificationError as error:
        return replace(found, metrics=metrics, artifact=None, error=error)
    return replace(found, metrics=metrics, artifact=execution.measured(artifact))
