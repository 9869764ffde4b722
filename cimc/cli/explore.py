"""``cimc explore``: the command, and the tables that it prints."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from cimc.cli import options
from cimc.cli.console import console, progress
from cimc.cli.output import print_json

if TYPE_CHECKING:
    from cimc.exploration.measures import MeasureName
    from cimc.exploration.search import Search
    from cimc.exploration.study import Study
    from cimc.exploration.workers import Workers

__all__ = ["explore"]


def explore(
    study: Annotated[Path, typer.Argument(help="Study (.yaml).", show_default=False)],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            help="Folder for trials and results. Default: "
            "the name of the study, in the current folder.",
        ),
    ] = None,
    trials: Annotated[
        int | None, typer.Option(min=1, help="Trials in all, in place of the study's.")
    ] = None,
    storage: Annotated[
        str | None,
        typer.Option(help="Optuna storage URL. Default: a SQLite file in the folder."),
    ] = None,
    workers: Annotated[
        int, typer.Option(min=0, help="Processes on this machine; 0: this one.")
    ] = 0,
    scheduler: Annotated[
        str | None, typer.Option(help="Dask scheduler to use (tcp://…).")
    ] = None,
    restricted: Annotated[
        bool,
        typer.Option(
            "--restricted",
            help="Also search hardware alone and the model alone, and compare.",
        ),
    ] = False,
    reproduce: Annotated[
        int | None,
        typer.Option(
            metavar="TRIAL",
            help="Write the artifact of a trial, to the -o folder's trial-N, and stop.",
        ),
    ] = None,
    explain: Annotated[
        int | None,
        typer.Option(
            metavar="TRIAL",
            help="Say what changes with each parameter of a trial put back, and stop.",
        ),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Search hardware and network together for what is best in several measures."""
    from cimc.exploration.study import load_study

    with options.needs_extra("exploration"):
        from cimc.exploration.evaluation import Evaluator
        from cimc.exploration.search import Search
        from cimc.exploration.store import Store
    described = load_study(study)
    if trials is not None:
        described = described.model_copy(update={"trials": trials})
    folder = output or Path(described.name)
    place = _workers(workers, scheduler)
    Evaluator(described, Store(folder / "cache")).check()
    search = Search(described, folder, storage)
    if reproduce is not None:
        artifact = search.evaluator.artifact(search.point(reproduce))
        destination = folder / f"trial-{reproduce}"
        artifact.save(destination)
        console.print(f"written to {destination}", soft_wrap=True, markup=False)
        return
    if explain is not None:
        with place as chosen:
            _explain(search, explain, chosen, as_json=as_json)
        return
    searches = {"joint": search}
    if restricted:
        for part in ("hardware", "model"):
            only = described.restricted(part)
            searches[f"{part} only"] = Search(only, folder, storage)
    with place as chosen:
        for name, found in searches.items():
            _run(found, name if restricted else described.name, chosen)
    document = _write(folder, searches)
    if as_json:
        print_json(document)
    _show(described, document)
    console.print(f"written to {folder}", soft_wrap=True, markup=False)


def _workers(count: int, scheduler: str | None) -> Any:
    """Where trials are evaluated, as a context."""
    from cimc.exploration.workers import cluster, here

    if scheduler is not None and count:
        raise typer.BadParameter("not with --scheduler", param_hint="--workers")
    if scheduler is None and not count:
        return nullcontext(here)
    return cluster(count, scheduler)


def _run(search: Search, name: str, workers: Workers) -> None:
    """Do what is left of a search."""
    with progress(name) as bar:
        bar(len(search.trials), search.study.trials)
        for trial in search.run(workers):
            bar(trial.number + 1, search.study.trials)


def _explain(search: Search, trial: int, workers: Workers, *, as_json: bool) -> None:
    """Print what each parameter of a trial does for its objectives."""
    from cimc.exploration.explanation import explain

    found = explain(search.evaluator, search.point(trial), workers)
    if as_json:
        print_json(asdict(found))
    objectives = search.study.objectives
    table = Table(f"trial {trial}", box=SIMPLE_HEAD, pad_edge=False)
    for name in objectives:
        table.add_column(name, justify="right", overflow="fold")
    rows = [
        (f"{change.parameter}: {change.instead} for {change.value}", change.outcome)
        for change in found.changes
    ]
    own = found.own.measures
    table.add_row(
        "as it is", *(f"{own[n]:.5g}" if n in own else "-" for n in objectives)
    )
    rows.append(("all of these", found.first))
    for label, outcome in rows:
        differences = [_difference(own, outcome.measures, name) for name in objectives]
        table.add_row(escape(label), *differences)
    console.print(table)
    for label, outcome in (("as it is", found.own), *rows):
        if outcome.rejected:
            console.print(f"{label}: {outcome.rejected}", soft_wrap=True, markup=False)


def _difference(
    own: Mapping[str, float], other: Mapping[str, float], name: MeasureName
) -> str:
    """By how much a measure differs: a part of it, or points of an accuracy.

    What it is where the point itself was rejected before.
    """
    from cimc.exploration.measures import MEASURES

    if name not in other:
        return "-"
    if name not in own:
        return f"{other[name]:.5g}"
    if MEASURES[name].unit and own[name]:
        return f"{other[name] / own[name] - 1:+.1%}"
    return f"{other[name] - own[name]:+.5g}"


def _write(folder: Path, searches: Mapping[str, Search]) -> dict[str, Any]:
    """Write the results of the first search; compares it with the others."""
    from cimc.driver.files import write_bytes
    from cimc.exploration.front import hypervolumes
    from cimc.exploration.page import as_html
    from cimc.exploration.report import as_csv, as_json

    joint = next(iter(searches.values()))
    study, trials = joint.study, joint.trials
    document = as_json(study, trials)
    if len(searches) > 1:
        found = hypervolumes(study, [search.trials for search in searches.values()])
        document["hypervolume"] = dict(zip(searches, found, strict=True))
    write_bytes(folder / "front.json", (json.dumps(document, indent=2) + "\n").encode())
    write_bytes(folder / "trials.csv", as_csv(study, trials).encode())
    write_bytes(folder / "front.html", as_html(study, trials).encode())
    return document


def _show(study: Study, document: Mapping[str, Any]) -> None:
    """Print the front, what the parameters do, and how the searches compare."""
    reasons = document["rejected"]
    console.print(
        f"{study.name}: {document['trials']} trials, {document['feasible']} feasible, "
        f"{sum(reasons.values())} rejected, {len(document['front'])} on the front",
        markup=False,
    )
    if reasons:
        reason, times = next(iter(reasons.items()))
        console.print(
            f"most often rejected ({times} times): {reason}",
            soft_wrap=True,
            markup=False,
        )
    varied = [name for name in study.space if len(study.values(name)) > 1]
    table = Table("trial", box=SIMPLE_HEAD, pad_edge=False)
    for name in study.objectives:
        table.add_column(name, justify="right", overflow="fold")
    table.add_column("parameters", overflow="fold")
    for row in document["front"]:
        best = [f"{row['measures'][name]:.5g}" for name in study.objectives]
        values = [f"{name}={row['parameters'][name]}" for name in varied]
        table.add_row(str(row["trial"]), *best, escape(" ".join(values)))
    console.print(table)
    table = Table("effect of", box=SIMPLE_HEAD, pad_edge=False)
    for name in study.objectives:
        table.add_column(f"on {name}", justify="right", overflow="fold")
    for parameter in varied:
        parts = [document["effects"][name][parameter] for name in study.objectives]
        table.add_row(escape(parameter), *(f"{part:.0%}" for part in parts))
    console.print(table)
    for name, value in document.get("hypervolume", {}).items():
        console.print(f"hypervolume, {name}: {value:.4f}")
