"""Operators that neither the device nor onnxruntime runs."""

from __future__ import annotations

from cimc.frontend.cut import cut
from cimc.frontend.placement import Item, Placement
from cimc.golden import ORT_ERRORS, session

__all__ = ["refuse_what_nobody_runs"]


def refuse_what_nobody_runs(placement: Placement) -> None:
    """Mark all items on the host that onnxruntime does not load."""
    for item in placement.at("host"):
        problem = _problem(placement, item)
        if problem is not None:
            item.place = "refused"
            item.why = f"{item.why}; onnxruntime: {problem}"


def _problem(placement: Placement, item: Item) -> str | None:
    """What onnxruntime says of an item by itself."""
    outputs = [name for name in item.outputs if name]
    try:
        session(cut(placement.graph, item.inputs, outputs))
    except ORT_ERRORS as error:
        return str(error).strip().split("\n")[0]
    return None
