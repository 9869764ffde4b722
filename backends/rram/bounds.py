"""Lower bounds on the time of a mapped network, layer by layer.

They hold for every program with the same blocks and copies in which each core computes
its part of the columns row by row, however it synchronises:

- a crossbar takes ``mvm_cycles`` for each of its vectors, one after another, and so
  does a vector unit for its work: the *work* of a layer is that of its busiest core;
- before the first vector of a layer, each layer above must have computed the fewest
  rows that any of its positions depends on, up to that position (its *head*); after the
  last, those below must compute the rows that depend on it, from there on (its *tail*).
  Windows at the corners of a map need, and serve, the fewest;
- all data go over one bus; on a mesh, those of a core through its own port.

The bound of the network is the largest head + work + tail, or the time of bus or port.
Phases follow each other, so their bounds add up, with the time that programming takes;
a layer that goes through several counts in the one where it takes the most.
From image to image of a batch it is what the busiest crossbar, vector unit, bus or port
takes for an image; here, too, phases add up, and programming serves a whole batch.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import prod
from typing import Any, Literal

from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.ir import Attribute, SSAValue

from cimc.backends.rram.dialect import CoreOp, LayerOp, batch_of, phases_of
from cimc.backends.rram.isa import LoadOp, MvmOp, StoreOp
from cimc.backends.rram.machine import RramMachine
from cimc.backends.rram.programming import Programming
from cimc.dialects import tile
from cimc.dialects.cim import Window
from cimc.dialects.tile.body import length_of
from cimc.dialects.tile.memory import integer
from cimc.isa.program import executed, linearise
from cimc.isa.vector import VectorInstruction
from cimc.passes.tile.dependences import targets_of
from cimc.passes.tile.sweeps import core_of
from cimc.simulation.metrics import layer_row

__all__ = ["LayerBound", "layer_bounds", "network_bound", "throughput_bound"]

#: Layers above and below whose windows of windows are looked at.
_DEPTH = 24


@dataclass
class LayerBound:
    """Cycles that a layer takes at least, and those before and after it."""

    work: int
    what: str
    head: int
    tail: int
    phase: int | None = None
    """The phase in which it takes the most, if there are several."""

    @property
    def total(self) -> int:
        """Cycles that the network takes at least because of this layer."""
        return self.head + self.work + self.tail

    def details(self) -> dict[str, Attribute]:
        """What a layer of a program says of it: ``bound_cycles`` is the work."""
        return {
            **({} if self.phase is None else {"phase": integer(self.phase)}),
            "bound_cycles": integer(self.work),
            "bound_by": StringAttr(self.what),
            "cycles_before": integer(self.head),
            "cycles_after": integer(self.tail),
        }


def network_bound(module: ModuleOp, machine: RramMachine) -> dict[str, Any]:
    """``bound`` of metrics.json: cycles of an image at least, and what takes them.

    Nothing if the layers of the program do not say how much they take.
    """
    layers: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for op in module.ops:
        if isinstance(op, LayerOp) and "bound_cycles" in (row := layer_row(op)):
            keys = ("cycles_before", "bound_cycles", "cycles_after")
            what = f"{row['bound_by']} of {row['name']}"
            layers[row.get("phase", 0)].append((sum(row[key] for key in keys), what))
    if not layers:
        return {}
    phases = phases_of(module) or [[]]
    bounds = [
        max([*layers[phase], *_transfers(cores, machine)])
        for phase, cores in enumerate(phases)
    ]
    return _in_phases(bounds, _programming(phases, machine))


def throughput_bound(module: ModuleOp, machine: RramMachine) -> dict[str, Any]:
    """``throughput_bound`` of metrics.json: cycles from image to image, at least."""
    phases = phases_of(module) or [[]]
    bounds = [
        max([*_transfers(cores, machine), *_units(cores, machine)], default=(0, ""))
        for cores in phases
    ]
    programming = _programming(phases, machine)
    return _in_phases(bounds, programming // batch_of(module))


def _programming(phases: list[list[CoreOp]], machine: RramMachine) -> int:
    """Cycles in which the crossbars of all phases are programmed."""
    rows = sum(Programming.of(cores).rows for cores in phases)
    return rows * machine.programming_row_cycles


def _in_phases(bounds: list[tuple[int, str]], programming: int) -> dict[str, Any]:
    """The bound of all phases, from that of each; one phase is programmed before."""
    if len(bounds) == 1:
        ((cycles, what),) = bounds
        return {"cycles": cycles, "what": what}
    return {
        "cycles": programming + sum(cycles for cycles, _ in bounds),
        "what": f"{len(bounds)} phases, programming included",
    }


def _units(cores: list[CoreOp], machine: RramMachine) -> Iterator[tuple[int, str]]:
    """Cycles that an image takes each crossbar and each vector unit."""
    for core in cores:
        units: Counter[str] = Counter()
        for line, executions in executed(linearise(core.main)):
            if isinstance(line.op, MvmOp):
                units[f"crossbar xb{line.op.xb}"] += executions * machine.mvm_cycles
            elif isinstance(line.op, VectorInstruction):
                cycles = machine.vector_cycles(line.op.lane_operations())
                units["vector unit"] += executions * cycles
        for unit, cycles in units.items():
            yield cycles, f"{unit} of core {core.number}"


def _transfers(cores: list[CoreOp], machine: RramMachine) -> list[tuple[int, str]]:
    """Cycles that all data of an image take on the bus, or in the port of each core."""
    ports = {
        core.number: sum(
            executions * machine.bus_cycles(*line.op.transfer())
            for line, executions in executed(linearise(core.main))
            if isinstance(line.op, LoadOp | StoreOp)
        )
        for core in cores
    }
    if not machine.mesh_columns:
        return [(sum(ports.values()), "bus")]
    return [(cycles, f"port of core {core}") for core, cycles in ports.items()]


def layer_bounds(
    phases: list[list[tile.SweepOp]], machine: RramMachine
) -> dict[str, LayerBound]:
    """The bounds of all layers, by name, from the sweeps of each phase."""
    targets = targets_of([sweep for sweeps in phases for sweep in sweeps])
    bounds: dict[str, LayerBound] = {}
    for phase, sweeps in enumerate(phases):
        members = set(sweeps)
        maps = _maps({s: map_ for s, map_ in targets.items() if s in members}, machine)
        for map_ in maps:
            map_.head = _longest(map_, "sources")
        for map_ in reversed(maps):
            map_.tail = _longest(map_, "users")
        for map_ in maps:
            found = LayerBound(map_.work, map_.what, map_.head, map_.tail)
            found.phase = phase if len(phases) > 1 else None
            known = bounds.setdefault(map_.layer, found)
            if known.total < found.total:
                bounds[map_.layer] = found
    return bounds


@dataclass(eq=False)
class _Map:
    """A feature map as work of the cores that compute it."""

    layer: str
    size: tuple[int, int]
    vectors: int = 0
    """Most vectors that one core computes."""
    copies: int = 1
    """Cores that share the positions, those that compute the same ones counted once."""
    cycles: int = 0
    """Cycles that its busiest unit takes for one of them."""
    what: str = ""
    sources: list[_Edge] = field(default_factory=list["_Edge"])
    users: list[_Edge] = field(default_factory=list["_Edge"])
    head: int = 0
    tail: int = 0

    @property
    def work(self) -> int:
        """Cycles of the busiest core."""
        return self.vectors * self.cycles

    def part(self, rows: int, columns: int) -> int:
        """Cycles for so many positions at the beginning or the end of the map.

        All cores share them evenly, or one has whole rows of its part but for one.
        """
        shared = -(-rows * columns // self.copies)
        alone = (rows - 1) * (self.size[1] // self.copies) + 1
        return max(shared, alone) * self.cycles


@dataclass(frozen=True)
class _Edge:
    """Windows over one map for another; ``far`` is the one seen from here.

    Of an edge that is not ``plain`` no more is known than that each position of the map
    below needs one above.
    """

    far: _Map
    above: _Map
    below: _Map
    window: Window
    plain: bool

    def reach(self, rows: int, columns: int) -> tuple[int, int]:
        """The fewest rows and columns of ``far`` that go with so many of the other."""
        if not self.plain:
            return (1, 1) if self.far is self.above else (0, 0)
        reach = _needed if self.far is self.above else _served
        return reach(self, 0, rows), reach(self, 1, columns)


def _needed(edge: _Edge, axis: int, positions: int) -> int:
    """The fewest lines of the map above that ``positions`` lines below depend on."""
    size = edge.above.size[axis]
    before, after, step, kernel = _geometry(edge, axis)
    seen = (positions - 1) * step + kernel
    return max(1, min(size, seen - max(before, after)))


def _served(edge: _Edge, axis: int, positions: int) -> int:
    """The fewest lines of the map below that depend on ``positions`` lines above.

    That is none where windows leave out lines, or these.
    """
    size = edge.below.size[axis]
    before, after, step, kernel = _geometry(edge, axis)
    first = (positions - 1 + before) // step + 1
    last = (positions - 1 + after) // step + 1
    return max(0, min(size, first, last)) if kernel >= step else 0


def _geometry(edge: _Edge, axis: int) -> tuple[int, int, int, int]:
    """Padding that is really seen before and after the map, stride, kernel.

    What is seen after it is negative where windows end before the map does.
    """
    window = edge.window
    step, before = window.stride[axis], window.pad[axis]
    kernel = (window.kernel[axis] - 1) * window.dilation[axis] + 1
    seen = (edge.below.size[axis] - 1) * step + kernel
    after = seen - before - edge.above.size[axis]
    return before, after, step, kernel


def _longest(start: _Map, side: Literal["sources", "users"]) -> int:
    """The longest time on one side of a map that its first or last vector takes.

    It goes through maps farther and farther away: what these must do for one vector
    of ``start``, one vector of each map between, and what follows for them.
    """
    longest = 0
    reached: dict[_Map, tuple[int, int, int]] = {start: (1, 1, 0)}
    for _ in range(_DEPTH):
        nearer, reached = reached, {}
        for map_, (rows, columns, between) in nearer.items():
            for edge in _edges(map_, side):
                far = edge.far
                reach = edge.reach(rows, columns)
                if not min(reach):
                    continue
                dilated = any(edge.window.dilation[axis] > 1 for axis in (0, 1))
                size = (1, 1) if dilated else reach
                beyond = far.head if side == "sources" else far.tail
                longest = max(longest, between + far.part(*size) + beyond)
                known = reached.get(far)
                through = between + far.cycles
                if known is None or known[2] < through:
                    reached[far] = (size[0], size[1], through)
        if not reached:
            break
    return longest


def _edges(map_: _Map, side: Literal["sources", "users"]) -> list[_Edge]:
    return map_.sources if side == "sources" else map_.users


def _maps(targets: dict[tile.SweepOp, SSAValue], machine: RramMachine) -> list[_Map]:
    """The maps that sweeps compute, in program order, and how they depend."""
    maps: dict[SSAValue, _Map] = {}
    costs: dict[tile.SweepOp, tuple[int, str]] = {}
    work: dict[SSAValue, Counter[int]] = defaultdict(Counter)
    edges: dict[tuple[SSAValue, SSAValue, Window, bool], None] = {}
    for sweep, target in targets.items():
        type_ = target.type
        assert isinstance(type_, tile.FeatureMapType)
        maps.setdefault(target, _Map(sweep.layer.data, type_.shape[:2]))
        costs[sweep] = cycles, what = _cycles(sweep, machine)
        if cycles > maps[target].cycles:
            maps[target].cycles, maps[target].what = cycles, what
        for op in sweep.operations:
            if isinstance(op, tile.WindowOp):
                edges[op.source, target, op.window, _is_plain(sweep, op)] = None
    for sweep, target in targets.items():
        # Of a map that several layers write, such as a Concat, the slowest one counts.
        if not _is_halo(sweep) and costs[sweep][0] == maps[target].cycles:
            work[target][core_of(sweep)] += sweep.positions
    for target, vectors in work.items():
        map_ = maps[target]
        map_.vectors = max(vectors.values())
        map_.copies = -(-len(vectors) * prod(map_.size) // vectors.total())
    for source, target, window, plain in edges:
        if source in maps:
            above, below = maps[source], maps[target]
            below.sources.append(_Edge(above, above, below, window, plain))
            above.users.append(_Edge(below, above, below, window, plain))
    return list(maps.values())


def _is_plain(sweep: tile.SweepOp, window: tile.WindowOp) -> bool:
    """Whether positions are those of the map below, and taps run from the first on."""
    stores = (op for op in sweep.operations if isinstance(op, tile.StoreOp))
    return (
        min(window.window.stride) > 0
        and not window.tap_rows.start
        and not window.tap_columns.start
        and all(store.stride == (1, 1) for store in stores)
    )


def _is_halo(sweep: tile.SweepOp) -> bool:
    return any(isinstance(op, tile.SplatOp) for op in sweep.operations)


def _cycles(sweep: tile.SweepOp, machine: RramMachine) -> tuple[int, str]:
    """Cycles that the busiest unit takes for one vector, and which unit that is."""
    lanes, crossbar = 0, 0
    for op in sweep.operations:
        match op:
            case tile.MvmOp():
                crossbar = machine.mvm_cycles
            case tile.MaxOp() | tile.SumOp() | tile.AverageOp():
                lanes += length_of(op.operand)
            case tile.AddOp():
                lanes += 2 * length_of(op.result)
            case (
                tile.AccumulateOp()
                | tile.RequantiseOp()
                | tile.TableOp()
                | tile.MultiplyOp()
                | tile.ShuffleOp()
            ):
                lanes += length_of(op.result)
            case _:
                pass
    vector = machine.vector_cycles(lanes) if lanes else machine.issue_cycles
    return max((crossbar, "crossbar"), (vector, "vector unit"))
