"""``fuse-tables``: let the layer that computes a feature map also look it up."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import (
    PatternRewriter,
    PatternRewriteWalker,
    RewritePattern,
    op_type_rewrite_pattern,
)

from cimc.dialects import cnn
from cimc.dialects.cim import Quantisation

__all__ = ["FuseTables"]


class _FuseTableIntoConv(RewritePattern):
    """table(conv(x)) → conv(x) with the table, if nothing else reads conv(x).

    Both results must have one element type, since the convolution's type tells one.
    """

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: cnn.TableOp, rewriter: PatternRewriter) -> None:
        conv = op.input.owner
        if (
            not isinstance(conv, cnn.ConvOp)
            or conv.table is not None
            or conv.ofm.unsigned != op.ofm.unsigned
            or not op.input.has_one_use()
        ):
            return
        fused = cnn.ConvOp(
            conv.input,
            op.ofm,
            weights=conv.weights,
            bias=conv.bias,
            weight_scale=conv.weight_scale,
            window=conv.window,
            groups=conv.group_count,
            clamp=conv.clamp,
            table=op.table,
            table_input=Quantisation.of(conv.ofm.scale, conv.ofm.zero),
            layer=conv.layer.data,
            tensor=op.tensor.data,
        )
        rewriter.replace(op, fused)
        rewriter.erase(conv)


@dataclass(frozen=True)
class FuseTables(ModulePass):
    """Give a convolution the look-up table that alone reads its result."""

    name = "fuse-tables"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Fuse wherever the intermediate feature map is not needed."""
        PatternRewriteWalker(_FuseTableIntoConv()).rewrite_module(op)
