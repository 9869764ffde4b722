"""``cimc compile`` for several machines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cimc.cli.console import console, progress

if TYPE_CHECKING:
    from cimc.driver import ImageSource, Outcome
    from cimc.frontend import Calibration, Shapes
    from cimc.objective import Objective

__all__ = ["compile_for_each"]


def compile_for_each(
    model: Path,
    output: Path,
    pairs: Sequence[tuple[str, str | None]],
    *,
    shapes: Shapes | None,
    calibration: Calibration | None,
    objective: Objective,
    batch: int,
    images: ImageSource,
    run: bool,
    verify_each: bool,
    dump_ir: Path | None,
) -> Sequence[Outcome]:
    """Compile ``model`` for the machines of ``pairs``: targets and their chips.

    Each artifact that is not found wrong goes to a folder of its own in ``output``,
    once all machines are through. Dumps go to a folder per machine in ``dump_ir``.

    Raises:
        InputError: the model, the data or an option is at fault.
    """
    from cimc.cli.dumps import Dumps
    from cimc.driver import Watch, compare_machines, destinations, load_machines

    machines = load_machines(pairs)
    paths = destinations(output, machines)
    dumps = {
        machine.folder: Dumps(dump_ir / machine.folder if dump_ir else None, False)
        for machine in machines
    }
    outcomes = compare_machines(
        model,
        machines,
        shapes=shapes,
        calibration=calibration,
        objective=objective,
        batch=batch,
        images=images,
        run=run,
        verify_each=verify_each,
        watch=Watch(
            observer=lambda machine: dumps[machine.folder].observe,
            progress=lambda machine: progress(f"simulating {machine.folder}"),
        ),
    )
    for outcome, path in zip(outcomes, paths, strict=True):
        if outcome.compilation is not None:
            dumps[outcome.machine.folder].save_weights(outcome.compilation.weights)
        if outcome.artifact is not None:
            outcome.artifact.save(path)
            console.print(f"written to {path}", soft_wrap=True, markup=False)
    return outcomes
