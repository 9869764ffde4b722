"""``study``: sequential, linear, cyclic and automatic orders on single layers.

The layers are all different convolutions of MobileNet-v1 and ResNet-18 at 224 x 224.
Speed-ups are over the same layer on the same machine with sequential cores, divided by
P_V, the number of cores that add up one vector.

*Orders* compares them on a bus that does not limit them: 4096 bytes wide, with the
cores of one column block alone and MVMs of 4000 cycles. Every segment takes a cycle on
the bus, however wide, so that all column blocks of a layer together, or 144 cores with
quick MVMs, may need more than there are; nothing else depends on that. *Buses* has
whole layers on narrow buses, with MVMs of 1000 cycles: the paper does not give its own.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import track
from rich.table import Table

from tests.benchmarks.mapping.layers import Shape, shapes_of
from tests.benchmarks.mapping.single import SCHEMES, chip, run

NETWORKS = ("mobilenet", "resnet18")
CROSSBARS = (32, 64, 128)
BUSES = (4, 8, 16, 32, 64)
WIDE = 4096
#: Cycles of an MVM in the two parts.
ORDERS_MVM, BUSES_MVM = 4000, 1000

#: Cores up to which a bus is said to suffice in Pelke et al., VLSI-SoC 2023.
PAPER = {4: 16, 64: 512}
#: Part of P_V that a speed-up must have for a bus to suffice.
SUFFICES = 0.9

Row = dict[str, Any]


def orders(shapes: list[Shape], options: argparse.Namespace) -> Iterator[Row]:
    """One row for each layer and crossbar: all schemes on a wide bus."""
    mvm = options.mvm or ORDERS_MVM
    machines = {size: chip(size, bus_bytes=WIDE, mvm=mvm) for size in CROSSBARS}
    for size in options.crossbars:
        for shape in track(shapes, f"orders, {size} x {size}", transient=True):
            part = shape.column_block(size, size)
            found = {
                scheme: run(part, [machines[size]], scheme)[0].row()
                for scheme in _schemes(part, size)
            }
            yield _row(shape, size, WIDE, mvm, part.row_blocks(size), found)


def buses(shapes: list[Shape], options: argparse.Namespace) -> Iterator[Row]:
    """One row for each layer, crossbar and bus: all schemes, all column blocks."""
    mvm = options.mvm or BUSES_MVM
    for size in options.crossbars:
        machines = [chip(size, bus_bytes=b, mvm=mvm) for b in options.buses]
        for shape in track(shapes, f"buses, {size} x {size}", transient=True):
            cores = shape.row_blocks(size) * shape.column_blocks(size, size)
            if cores > options.cores:
                continue
            found = {
                scheme: run(shape, machines, scheme) for scheme in _schemes(shape, size)
            }
            for index, bus in enumerate(options.buses):
                rows = {scheme: runs[index].row() for scheme, runs in found.items()}
                yield _row(shape, size, bus, mvm, cores, rows)


def _schemes(shape: Shape, size: int) -> tuple[str, ...]:
    """All, unless a single core has nobody to synchronise with."""
    return SCHEMES if shape.row_blocks(size) > 1 else ("sequential",)


def _row(
    shape: Shape, size: int, bus: int, mvm: int, cores: int, found: dict[str, Row]
) -> Row:
    p_v = shape.row_blocks(size)
    alone = found["sequential"]
    schemes = {scheme: dict(found.get(scheme, alone)) for scheme in SCHEMES}
    for row in schemes.values():
        row["speed-up / P_V"] = alone["cycles"] / row["cycles"] / p_v
    if p_v == 1:
        for row in schemes.values():
            row["speed-up / P_V"] = 1.0
    return {
        "layer": str(shape),
        "crossbar": size,
        "bus": bus,
        "mvm": mvm,
        "P_V": p_v,
        "P_H": shape.column_blocks(size, size),
        "O": shape.positions,
        "cores": cores,
        "schemes": schemes,
    }


def knees(rows: list[Row]) -> dict[int, Row]:
    """By bus: up to how many cores all layers, and any, reach most of P_V."""
    found: dict[int, Row] = {}
    for bus in dict.fromkeys(row["bus"] for row in rows):
        layers = [
            (row["cores"], row["schemes"]["auto"]["speed-up / P_V"] > SUFFICES)
            for row in rows
            if row["bus"] == bus and row["P_V"] > 1
        ]
        fails = [cores for cores, good in layers if not good]
        below = min(fails, default=1 << 30)
        found[bus] = {
            "all up to": max((n for n, good in layers if n < below), default=0),
            "some up to": max((n for n, good in layers if good), default=0),
            "paper": PAPER.get(bus),
        }
    return found


def checks(rows: list[Row]) -> dict[str, float]:
    """The extremes of the comparison of orders."""

    def least(scheme: str, kept: list[Row]) -> float:
        speeds = (row["schemes"][scheme]["speed-up / P_V"] for row in kept)
        return min(speeds, default=1.0)

    several = [row for row in rows if row["P_V"] > 1]
    long = [row for row in several if row["P_V"] <= 32 and row["O"] >= 196]
    found = {
        "cyclic, least speed-up / P_V": least("cyclic", several),
        "auto, least speed-up / P_V": least("auto", several),
        "linear, least where P_V <= 32 and O >= 196": least("linear", long),
        "auto / linear, least": _least_ratio(several, "linear"),
        "auto / cyclic, least": _least_ratio(several, "cyclic"),
    }
    for size in CROSSBARS:
        shares = [
            row["schemes"]["auto"]["sync / data"]
            for row in several
            if row["crossbar"] == size
        ]
        if shares:
            found[f"auto, most sync / data at {size} x {size}"] = max(shares)
    return found


def _least_ratio(rows: list[Row], other: str) -> float:
    return min(
        (
            row["schemes"][other]["cycles"] / row["schemes"]["auto"]["cycles"]
            for row in rows
        ),
        default=1.0,
    )


def show(found: Mapping[str, Any], console: Console) -> None:
    """All tables."""
    for name in ("orders", "buses"):
        if found[name]:
            console.print(f"MVM of {found[name][0]['mvm']} cycles")
            console.print(_table(name, found[name]))
    if found["orders"]:
        for what, value in found["checks"].items():
            console.print(f"{what}: {value:.4f}")
    if found["buses"]:
        table = Table(
            title=f"cores with more than {SUFFICES:.0%} of P_V", box=SIMPLE_HEAD
        )
        for column in ("bus", "all layers up to", "some up to", "paper up to"):
            table.add_column(column, justify="right")
        for bus, row in found["knees"].items():
            table.add_row(
                str(bus), *("" if v is None else str(v) for v in row.values())
            )
        console.print(table)


def _table(name: str, rows: list[Row]) -> Table:
    table = Table(title=name, title_justify="left", box=SIMPLE_HEAD)
    for column in ("layer", "crossbar", "bus", "P_V", "P_H", "O", "sequential"):
        table.add_column(column, justify="right", no_wrap=True)
    for scheme in SCHEMES[1:]:
        for column in (scheme, "/P_V %", "sync/data %", "/all %"):
            table.add_column(column, justify="right", no_wrap=True)
    table.add_column("bus load %", justify="right")
    for row in rows:
        schemes = row["schemes"]
        cells = [row[key] for key in ("layer", "crossbar", "bus", "P_V", "P_H", "O")]
        cells.append(schemes["sequential"]["cycles"])
        for scheme in SCHEMES[1:]:
            one = schemes[scheme]
            keys = ("speed-up / P_V", "sync / data", "sync / all")
            cells += [one["cycles"], *(f"{100 * one[key]:.2f}" for key in keys)]
        cells.append(f"{100 * schemes['auto']['bus load']:.0f}")
        table.add_row(*map(str, cells))
    return table


def main(arguments: list[str]) -> None:
    """Measure, print tables, and write what was found if a file is given."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.mapping study", description=__doc__
    )
    add = parser.add_argument
    add("--layers", default="", help="only layers whose name contains this")
    add("--crossbars", type=_numbers, default=CROSSBARS, metavar="32,64,128")
    add("--buses", type=_numbers, default=BUSES, metavar="4,8,…", help="0 for none")
    add("--cores", type=int, default=4096, help="on narrow buses, so many at most")
    add("--mvm", type=int, help="cycles of an MVM, by default 4000 and 1000")
    add("--no-orders", action="store_true", help="only the narrow buses")
    add("--json", type=Path, metavar="FILE", help="write it as JSON")
    options = parser.parse_args(arguments)
    shapes = [s for s in shapes_of(NETWORKS) if options.layers in str(s)]
    found: Row = {}
    found["orders"] = [] if options.no_orders else list(orders(shapes, options))
    found["checks"] = checks(found["orders"])
    found["buses"] = list(buses(shapes, options)) if any(options.buses) else []
    found["knees"] = knees(found["buses"])
    show(found, Console(width=200))
    if options.json is not None:
        options.json.write_text(json.dumps(found, indent=2) + "\n")


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))
