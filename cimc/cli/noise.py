"""What quantisation costs in each layer, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape

from cimc.cli.console import console

if TYPE_CHECKING:
    from cimc.frontend import NoiseReport

__all__ = ["show_noise"]

#: So many layers that gain most are named.
_NAMED = 3


def show_noise(report: NoiseReport) -> None:
    """Print one line per layer, and which layers to keep in higher precision."""
    from rich.table import Table

    table = Table("node", "operator", "SQNR dB", "gain in float dB")
    for layer in report.layers:
        table.add_row(
            escape(layer.node), layer.op, f"{layer.sqnr:.1f}", f"{layer.gain:+.2f}"
        )
    console.print(table)
    console.print(
        f"outputs: {report.sqnr:.1f} dB on {report.samples} samples", markup=False
    )
    gaining = sorted(report.layers, key=lambda layer: -layer.gain)[:_NAMED]
    names = ", ".join(layer.node for layer in gaining if layer.gain > 0)
    if names:
        console.print(f"most to gain: {names}", soft_wrap=True, markup=False)
