"""Where points are evaluated: in this process, or on a Dask cluster."""

from __future__ import annotations

from collections.abc import (
    Callable,
    Generator,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import contextmanager
from typing import Any

from distributed import Client, LocalCluster
from distributed.scheduler import KilledWorker

from cimc.diagnostics import InputError
from cimc.exploration.evaluation import Evaluator, Outcome, Point
from cimc.exploration.store import versions

__all__ = ["Workers", "cluster", "here"]

Workers = Callable[[Evaluator, Sequence[Point]], Iterable[Outcome]]
"""Evaluates points anywhere, and gives their outcomes in their order."""


def here(evaluator: Evaluator, points: Sequence[Point]) -> Iterator[Outcome]:
    """Evaluate points one after another in this process."""
    return map(evaluator.evaluate, points)


@contextmanager
def cluster(count: int = 0, scheduler: str | None = None) -> Generator[Workers]:
    """Evaluate on ``count`` processes of this machine, or on a scheduler's workers.

    What a worker that is lost was working on is given to another one. Workers of a
    scheduler see the study's files, and its folder, under the same paths.

    Raises:
        InputError: the scheduler cannot be reached, or a worker has other versions of
            what results depend on (E156).
    """
    with _client(count, scheduler) as client:
        # A worker that is lost just now has no versions, and does no harm.
        found, own = client.run(versions, on_error="ignore"), versions()
        for worker, others in found.items():
            if others != own:
                raise InputError(
                    "E156",
                    f"worker {worker} has {_differences(others, own)}, here is "
                    f"{_differences(own, others)}",
                    where=scheduler or "",
                    hints=("install the same versions everywhere",),
                )

        def workers(evaluator: Evaluator, points: Sequence[Point]) -> Iterator[Outcome]:
            futures = client.map(evaluator.evaluate, points, pure=False)
            try:
                for future in futures:
                    yield future.result()
            except KilledWorker as error:
                raise InputError(
                    "E156",
                    "a trial was given up: several workers ended while they did it",
                    notes=(str(error),),
                    hints=("more memory for each worker, or fewer workers",),
                ) from error
            finally:
                client.cancel(futures)

        yield workers


@contextmanager
def _client(count: int, scheduler: str | None) -> Generator[Any]:
    """A client of a scheduler, or of a cluster that lives as long as it."""
    if scheduler is None:
        local: Any = LocalCluster(
            n_workers=count,
            threads_per_worker=1,
            dashboard_address=None,  # pyright: ignore[reportArgumentType]
        )
        with local, Client(local) as client:
            yield client
        return
    try:
        client = Client(scheduler, timeout=10)
    except (OSError, ValueError) as error:
        raise InputError(
            "E156",
            f"the scheduler cannot be reached: {error}",
            where=scheduler,
            hints=("dask scheduler, and dask worker tcp://… on each machine",),
        ) from error
    with client:
        yield client


def _differences(some: Mapping[str, str], others: Mapping[str, str]) -> str:
    """The versions that are not the same in others."""
    items = some.items() - others.items()
    return ", ".join(f"{name} {found}" for name, found in sorted(items))
