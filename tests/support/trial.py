"""A whole model on one machine: compiled, run, compared, measured."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Literal

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cimc.diagnostics import CimcError, DoesNotFitError
from cimc.driver import Images, execute_images
from cimc.driver.compilation import compile_imported
from cimc.driver.machines import load_machine
from cimc.frontend import ImportedModel
from cimc.golden import Golden

#: Name and shapes in what is said of a node.
_NODE = re.compile(r"^(\w+) '.*?' \(.*?\): ")

#: Characters that a summary has at most.
_LENGTH = 300

Result = Literal["equal", "wrong", "refused", "does not fit", "crash"]


@dataclass(frozen=True)
class Trial:
    """What became of a model on a machine.

    ``why`` is the first line of the diagnostic where it was refused; ``share`` the part
    of its multiply-accumulates that the device does.
    """

    result: Result
    why: str = ""
    share: float = 0.0
    compile_s: float = 0.0
    simulate_s: float = 0.0
    cycles: int = 0
    bound: int = 0
    elements: int = 0
    peak_mb: int = 0
    """Peak memory, where the trial had a process of its own."""


def try_on(
    model: ImportedModel,
    target: str,
    feeds: Sequence[Mapping[str, np.ndarray]],
    chip: str | None = None,
) -> Trial:
    """Compile an imported model for a target, and run and compare some images.

    Every feature map must equal onnxruntime's, and so must the outputs.
    """
    start = perf_counter()
    try:
        artifact = compile_imported(
            model, load_machine(target, chip), import_seconds=0.0
        ).artifact
        compile_s = perf_counter() - start
        images = Images([dict(feed) for feed in feeds], "trial")
        start = perf_counter()
        found = execute_images(artifact, images, verify=True)
        simulate_s = perf_counter() - start
    except (CimcError, Exception) as error:
        return failed(error, share_of(model))
    assert found.verified is not None
    same = found.verified.equal and all(
        _close(outputs, Golden(artifact.model).run(feed))
        for outputs, feed in zip(found.outputs, feeds, strict=True)
    )
    metrics = found.metrics
    return Trial(
        "equal" if same else "wrong",
        str(found.verified.first or ("" if same else "an output of the host differs")),
        share_of(model),
        compile_s,
        simulate_s,
        metrics["cycles"],
        metrics.get("bound", {}).get("cycles", 0),
        found.verified.elements,
    )


def failed(error: Exception, share: float = 0.0) -> Trial:
    """The trial that ended with that exception."""
    if not isinstance(error, CimcError):
        return Trial("crash", f"{type(error).__name__}: {error}".split("\n")[0], share)
    result: Result = "refused"
    if isinstance(error, DoesNotFitError):
        result = "does not fit"
    elif error.exit_code != 2:
        result = "wrong" if error.exit_code == 1 else "crash"
    return Trial(result, summary(error), share)


def summary(error: CimcError) -> str:
    """Code, message and reasons in one line; operators alike are counted."""
    found = error.diagnostic
    reasons = Counter(_NODE.sub(r"\1: ", note) for note in found.notes)
    counted = [f"{n} x {why}" if n > 1 else why for why, n in reasons.items()]
    text = f"{found.code}: {'; '.join((found.message, *counted))}".replace("\n", " ")
    return text if len(text) <= _LENGTH else f"{text[:_LENGTH]}…"


def show(trials: Mapping[str, Trial]) -> None:
    """A table on stderr, one model and machine per line."""
    table = Table(box=None, pad_edge=False)
    titles = ("result", "on device", "compile s", "run s", "MB", "cycles", "bound")
    for title in ("", *titles):
        table.add_column(title, justify="right" if title else "left", no_wrap=True)
    table.add_column("why")
    for name, trial in trials.items():
        ratio = f"x{trial.cycles / trial.bound:.2f}" if trial.bound else ""
        table.add_row(
            name,
            trial.result,
            f"{trial.share:.1%}",
            f"{trial.compile_s:.1f}",
            f"{trial.simulate_s:.1f}",
            str(trial.peak_mb or ""),
            f"{trial.cycles:,}",
            ratio,
            escape(trial.why),
        )
    Console(stderr=True, width=max(100, Console().width)).print(table)


def share_of(model: ImportedModel) -> float:
    """The part of the multiply-accumulates that the device does."""
    total = sum(row.macs for row in model.coverage)
    device = sum(row.macs for row in model.coverage if row.placement == "device")
    return device / total if total else 0.0


def _close(found: Mapping[str, np.ndarray], expected: Mapping[str, np.ndarray]) -> bool:
    """Equal, up to rounding of float32 where the host computes it."""
    return found.keys() == expected.keys() and all(
        np.allclose(found[name], expected[name], rtol=1e-5, atol=1e-6) for name in found
    )


def quietly(function, *arguments, **options):
    """What a function gives, without its warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*arguments, **options)
