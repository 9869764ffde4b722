"""What a person sees: on stderr, as wide as the terminal."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape

from cimc.cli import facts
from cimc.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Callable

    from cimc.driver import FitReport

__all__ = [
    "console",
    "progress",
    "show_diagnostic",
    "show_fit",
    "show_metrics",
]

console = Console(stderr=True, highlight=False)


def show_diagnostic(diagnostic: Diagnostic) -> None:
    """Print an error or a warning, its first line in colour."""
    colour = "yellow" if diagnostic.code.startswith("W") else "red"
    first, *others = diagnostic.render().splitlines()
    console.print(f"[bold {colour}]{escape(first)}[/]", soft_wrap=True)
    for line in others:
        console.print(escape(line), soft_wrap=True)


@contextmanager
def progress(what: str) -> Generator[Callable[[int, int], None]]:
    """A progress bar for ``what``; gives the function to call with done and total."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    quiet = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=quiet) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def show_metrics(metrics: Mapping[str, Any]) -> None:
    """Print the summary of a compilation or a run, one fact a line."""
    lines = [f"{metrics['model']} on {metrics['target']}, chip {metrics['chip']}"]
    lines += [f"{name}: {text}" for name, text in facts.resources(metrics).items()]
    lines += [f"{name}: {text}" for name, text in facts.memory(metrics).items()]
    if "segments" in metrics:
        lines.append(f"device segments: {metrics['segments']}")
    if host := facts.host(metrics):
        lines.append(f"to and from the host: {host}")
    if phases := facts.phases(metrics):
        lines.append(f"phases: {phases}")
    instructions = metrics.get("instructions", {})
    if "static" in instructions:
        dynamic = instructions.get("dynamic")
        executed = f", {facts.number(dynamic)} executed per image" if dynamic else ""
        lines.append(f"instructions: {facts.number(instructions['static'])}{executed}")
    if "cycles" in metrics:
        time = facts.time(metrics)
        lines.append(
            f"cycles: {facts.number(metrics['cycles'])} per image"
            + (f" ({time})" if time else "")
        )
    if bound := facts.bound(metrics):
        lines.append(f"bound: {bound}")
    if throughput := facts.throughput(metrics):
        lines.append(f"throughput: {throughput}, {metrics['batch']} images under way")
    if bound := facts.throughput_bound(metrics):
        lines.append(f"throughput bound: {bound}")
    if shifts := facts.shifts(metrics):
        lines.append(f"shifts: {shifts}")
    if energy := facts.energy(metrics):
        lines.append(f"energy: {energy} per image")
    if area := facts.area(metrics):
        lines.append(f"area: {area}")
    if source := metrics.get("simulator", {}).get("source"):
        lines.append(f"images: {metrics['simulator']['images']} from {source}")
    if "accuracy" in metrics:
        lines.append(_accuracy(metrics["accuracy"]))
    if "verified" in metrics:
        lines.append(_verdict(metrics["verified"]))
    for line in lines:
        console.print(escape(line), soft_wrap=True)


def _accuracy(accuracy: Mapping[str, Any]) -> str:
    text = f"accuracy: {accuracy['correct']} of {facts.images(accuracy['images'])}"
    if "onnxruntime_correct" in accuracy:
        text += f" (onnxruntime: {accuracy['onnxruntime_correct']})"
    return text


def _verdict(verified: Mapping[str, Any]) -> str:
    text = "equal to onnxruntime: " + ("yes" if verified["equal"] else "NO")
    text += f" ({facts.number(verified['elements'])} elements of "
    text += f"{facts.images(verified['images'])} compared"
    if verified["mismatches"]:
        text += f", {facts.number(verified['mismatches'])} differ"
    return text + ")"


def show_fit(report: FitReport) -> None:
    """Print where operators run, and whether the network fits the chip."""
    from rich.table import Table

    table = Table("node", "operator", "runs on")
    arrays = "crossbars" if "crossbars" in report.demand else "arrays"
    for numbers in ("MACs", arrays, "weights", "results"):
        table.add_column(numbers, justify="right", no_wrap=True)
    table.add_column("why")
    colours = {"device": "green", "host": "yellow", "refused": "red"}
    several = len({r.segment for r in report.rows if r.placement == "device"}) > 1
    for row in report.rows:
        number = f" {row.segment}" if several else ""
        place = f"[{colours[row.placement]}]{row.placement}{number}[/]"
        counts = (row.macs, report.arrays.get(row.node, 0))
        sizes = (row.constant_bytes, row.map_bytes)
        numbers = [facts.number(count) if count else "" for count in counts]
        numbers += [facts.size(size) if size else "" for size in sizes]
        table.add_row(escape(row.node), row.op, place, *numbers, escape(row.why))
    console.print(table)
    total = sum(row.macs for row in report.rows)
    if total and report.exit_code != 2:
        share = report.device_macs_share
        console.print(f"{facts.number(total)} MACs, {share:.2%} on the device")
    if report.problem is not None:
        show_diagnostic(report.problem)
    else:
        for line in _demand(report):
            console.print(escape(line), soft_wrap=True)
    if report.fitting_chips:
        smallest, *larger = report.fitting_chips
        others = f", and {', '.join(larger)}" if larger else ""
        console.print(f"smallest preset that holds it: {smallest}{others}")
    if in_phases := {name: n for name, n in report.phases.items() if n > 1}:
        counts = ", ".join(f"{name} in {n}" for name, n in in_phases.items())
        console.print(f"presets that take several phases: {counts}", soft_wrap=True)


def _demand(report: FitReport) -> Iterator[str]:
    """What the network takes of the chip."""
    resources = facts.resources(report.demand)
    needs = ", ".join(f"{text} {name}" for name, text in resources.items())
    phases = facts.phases(report.demand)
    if host := facts.host(report.demand):
        yield f"to and from the host: {host}"
    if phases is None:
        yield f"fits chip {report.chip}: {needs}, with one copy of each layer"
        return
    yield f"exceeds chip {report.chip}, takes phases of at most {needs}"
    yield f"phases: {phases}"
    if (whole := report.demand.get("without_phases")) is None:
        return
    needs = ", ".join(f"{facts.number(count)} {name}" for name, count in whole.items())
    yield f"without phases it takes at least {needs}"
