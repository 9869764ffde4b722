"""What a layer of the tile level says of itself, for programs and their metrics."""

from __future__ import annotations

from collections.abc import Mapping

from xdsl.dialects.builtin import DictionaryAttr
from xdsl.ir import Attribute

from cimc.dialects import tile

__all__ = ["layer_details"]


def layer_details(
    op: tile.LayerOp, more: Mapping[str, Attribute] | None = None
) -> DictionaryAttr:
    """The details of a layer: how it is cut, what is fused into it, and
    what a machine adds.

    By name, as an encoded program has them.
    """
    details: dict[str, Attribute] = {"p_h": op.p_h, "p_v": op.p_v, **(more or {})}
    if op.copies is not None:
        details["copies"] = op.copies
    if op.fused is not None:
        details["fused"] = op.fused
    return DictionaryAttr(dict(sorted(details.items())))
