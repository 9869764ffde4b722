"""The front as a page for a browser: every trial in every objective."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go  # pyright: ignore[reportMissingTypeStubs]
from optuna.trial import FrozenTrial

from cimc.exploration.front import feasible, pareto_front
from cimc.exploration.measures import MEASURES
from cimc.exploration.study import Study

__all__ = ["as_html"]


def as_html(study: Study, trials: Sequence[FrozenTrial]) -> str:
    """One file with all that it needs: pairs of objectives, the front in colour."""
    kept = feasible(trials)
    front = {trial.number for trial in pareto_front(study, trials)}
    figure: Any = go.Figure()
    for label, on_front in (("dominated", False), ("front", True)):
        chosen = [trial for trial in kept if (trial.number in front) == on_front]
        figure.add_trace(
            go.Splom(
                name=label,
                dimensions=[
                    {
                        "label": f"{name} {MEASURES[name].unit}".strip(),
                        "values": [trial.values[index] for trial in chosen],
                    }
                    for index, name in enumerate(study.objectives)
                ],
                text=[_text(trial) for trial in chosen],
                diagonal={"visible": False},
                showupperhalf=False,
                marker={"size": 7 if on_front else 4, "opacity": 0.8},
            )
        )
    figure.update_layout(
        title=f"{study.name}: {len(front)} of {len(trials)} trials are on the front"
    )
    return figure.to_html(include_plotlyjs=True, div_id="front")


def _text(trial: FrozenTrial) -> str:
    """What a point says when it is pointed at."""
    parameters = "<br>".join(f"{name} = {v}" for name, v in trial.params.items())
    return f"trial {trial.number}<br>{parameters}"
