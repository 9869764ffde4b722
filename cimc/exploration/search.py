"""A search: trials one population after another, kept in an Optuna storage.

The storage holds finished trials only, each written in one step and in the order of
their numbers; what a trial has computed is in the store before. A search that was
killed therefore goes on where it was, without losing a trial or computing one twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import optuna
from optuna.trial import FrozenTrial

from cimc.diagnostics import InputError
from cimc.exploration.evaluation import Evaluator, Point
from cimc.exploration.proposals import directions, finished, propose
from cimc.exploration.store import Store
from cimc.exploration.study import Study
from cimc.exploration.workers import Workers, here

__all__ = ["Search"]

#: What a storage says of the study that it belongs to.
_STUDY = "cimc.study"


class Search:
    """The trials of a study in a folder.

    ``storage`` is an Optuna storage URL, by default a SQLite file in the folder.

    Raises:
        InputError: the storage has trials of another study of that name (E153), or
            cannot be used (E154).
    """

    def __init__(self, study: Study, folder: Path, storage: str | None = None) -> None:
        self.study = study
        # Workers may run in other folders.
        self.evaluator = Evaluator(study, Store(folder.resolve() / "cache"))
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._trials = self._open(folder, storage)

    @property
    def trials(self) -> list[FrozenTrial]:
        """All finished trials, in the order of their numbers."""
        return self._trials.trials

    def run(self, workers: Workers = here) -> Iterator[FrozenTrial]:
        """Do what is left of the study; gives each trial when it is finished."""
        trials = self.trials
        while (done := len(trials)) < self.study.trials:
            first = done - done % self.study.population
            proposals = propose(self.study, trials[:first])[done - first :]
            if not proposals:
                return
            outcomes = workers(self.evaluator, [found.params for found in proposals])
            for proposal, outcome in zip(proposals, outcomes, strict=True):
                trial = finished(self.study, proposal, outcome)
                self._trials.add_trial(trial)
                trial.number = len(trials)
                trials.append(trial)
                yield trial

    def point(self, number: int) -> Point:
        """The parameters of a finished trial.

        Raises:
            InputError: there is none of that number (E155).
        """
        trials = self.trials
        if not 0 <= number < len(trials):
            raise InputError(
                "E155",
                f"there is no finished trial {number}",
                hints=(
                    f"0 to {len(trials) - 1}" if trials else "run the search first",
                ),
            )
        return trials[number].params

    def _open(self, folder: Path, storage: str | None) -> optuna.Study:
        """The study in the storage, which is made if it is not there."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(
                "E154",
                f"is no folder for trials: {error.strerror or error}",
                where=str(folder),
                hints=("choose another one with -o",),
            ) from error
        mark = self.evaluator.identity()
        try:
            found = optuna.create_study(
                study_name=self.study.name,
                storage=storage or f"sqlite:///{folder.resolve() / 'trials.db'}",
                directions=directions(self.study),
                load_if_exists=True,
            )
        except Exception as error:
            raise InputError(
                "E154",
                f"the storage cannot be used: {error}",
                where=storage or str(folder),
                hints=("an Optuna storage URL such as sqlite:///trials.db",),
            ) from error
        if found.user_attrs.setdefault(_STUDY, mark) != mark:
            raise InputError(
                "E153",
                f"the trials of {self.study.name!r} there are of another study, or of "
                "other versions of cimc or its packages",
                where=storage or str(folder),
                hints=("another folder with -o", "another name in the study"),
            )
        found.set_user_attr(_STUDY, mark)
        return found
