"""The table that compares machines: a column each, and what went wrong on which."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table

from cimc.cli import facts
from cimc.cli.console import console, show_diagnostic

if TYPE_CHECKING:
    from cimc.driver import Outcome

__all__ = ["show_comparison"]

Metrics = Mapping[str, Any]

#: What a machine does not measure.
_NOTHING = "—"


def show_comparison(outcomes: Sequence[Outcome]) -> None:
    """Print a column per machine, then what went wrong on which.

    Columns that the terminal has no room for go to further tables below.
    """
    console.print(escape(_title([found.metrics for found in outcomes])), soft_wrap=True)
    start = 0
    while start < len(outcomes):
        stop = len(outcomes)
        while stop > start + 1 and not _fits(_table(outcomes, start, stop)):
            stop -= 1
        console.print(_table(outcomes, start, stop))
        start = stop
    for found in outcomes:
        if found.error is not None:
            problem = found.error.diagnostic
            where = f"on {found.machine.target.name}, chip {found.machine.chip.name}"
            show_diagnostic(replace(problem, notes=(where, *problem.notes)))


def _fits(table: Table) -> bool:
    """Whether the terminal has room for the table without breaking a line in it."""
    unbounded = console.options.update(width=10_000)
    return Measurement.get(console, unbounded, table).maximum <= console.width


def _title(machines: Sequence[Metrics]) -> str:
    """The model, and what is the same on all machines."""
    parts = [machines[0]["model"]]
    compared = [found for found in machines if "verified" in found]
    if compared:
        count = compared[0]["verified"]["images"]
        parts.append(facts.images(count))
        if "accuracy" in compared[0]:
            right = compared[0]["accuracy"]["onnxruntime_correct"]
            parts.append(f"onnxruntime has {facts.number(right)} right")
    return ", ".join(parts)


def _table(outcomes: Sequence[Outcome], start: int, stop: int) -> Table:
    """The columns of the machines from ``start`` to ``stop``."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("", overflow="fold")
    for found in outcomes[start:stop]:
        name = f"{found.machine.target.name}\n{found.machine.chip.name}"
        table.add_column(escape(name), justify="right", overflow="fold")
    for label, cells in _rows(outcomes):
        table.add_row(label, *(cell or _NOTHING for cell in cells[start:stop]))
    return table


def _rows(outcomes: Sequence[Outcome]) -> Iterator[tuple[str, list[str | None]]]:
    """Label and cells of all that at least one of the machines measures."""
    errors = [_error(found) for found in outcomes]
    if any(errors):
        yield "error", errors
    for read in (_values, facts.memory, facts.resources):
        columns = [read(found.metrics) for found in outcomes]
        for label in dict.fromkeys(label for column in columns for label in column):
            cells = [column.get(label) for column in columns]
            if any(cells):
                yield label, cells


def _error(found: Outcome) -> str | None:
    """What failed, in a word and the code of its diagnostic below the table."""
    if found.error is None:
        return None
    kinds = {1: "wrong result", 2: "unfit input", 3: "does not fit"}
    kind = kinds.get(found.error.exit_code, "fault of cimc")
    return f"[bold red]{kind}[/] {found.error.diagnostic.code}"


def _equal(metrics: Metrics) -> str | None:
    if "verified" not in metrics:
        return None
    verified = metrics["verified"]
    if verified["equal"]:
        return "[green]yes[/]"
    return f"[bold red]NO[/], {facts.number(verified['mismatches'])} differ"


def _accuracy(metrics: Metrics) -> str | None:
    if "accuracy" not in metrics:
        return None
    found = metrics["accuracy"]
    return f"{facts.number(found['correct'])} of {facts.number(found['images'])}"


def _phases(metrics: Metrics) -> str | None:
    """How often the machine is programmed for an image, if it is."""
    return facts.number(len(metrics["phases"])) if "phases" in metrics else None


def _count(*keys: str) -> Callable[[Metrics], str | None]:
    """Reads the number below ``keys``."""

    def read(metrics: Metrics) -> str | None:
        value: Any = metrics
        for key in keys:
            value = value.get(key, {})
        return facts.number(value) if isinstance(value, int | float) else None

    return read


#: Rows of one value, in their order.
_ROWS: Mapping[str, Callable[[Metrics], str | None]] = {
    "equal to onnxruntime": _equal,
    "elements compared": _count("verified", "elements"),
    "accuracy": _accuracy,
    "cycles per image": _count("cycles"),
    "bound on cycles": _count("bound", "cycles"),
    "device segments": _count("segments"),
    "phases": _phases,
    "time per image": facts.time,
    "cycles from image to image": _count("throughput", "cycles_per_image"),
    "bound on these": _count("throughput_bound", "cycles"),
    "energy per image": facts.energy,
    "shifts per image": facts.shifts,
    "instructions": _count("instructions", "static"),
    "executed per image": _count("instructions", "dynamic"),
    "area": facts.area,
}


def _values(metrics: Metrics) -> dict[str, str | None]:
    return {label: read(metrics) for label, read in _ROWS.items()}
