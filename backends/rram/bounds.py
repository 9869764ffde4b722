"""Lower bounds on the time of a mapped network, layer by layer.

They hold for every program with the same blocks and copies, in whatever order it
computes the positions of the feature maps and however it synchronises:

- a crossbar takes ``mvm_cycles`` for each of its vectors, one after another, and so
  does a vector unit for its work: the *work* of a layer is that of its busiest core;
- before the first vector of a layer, each layer above must have computed the fewest
  vectors that any of its positions depends on (its *head*); after the last, those
  below must compute all that depend on it, at the least (its *tail*). Windows at the
  corners of a map need, and serve, the fewest;
- all data go over one bus; on a mesh, those of a core through its own port.

The bound of the network is the largest head + work + tail, or the time of bus or port.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.ir import Attribute, SSAValue

from cimc.backends.rram.dialect import LayerOp
from cimc.backends.rram.isa import LoadOp, StoreOp
from cimc.backends.rram.machine import RramMachine
from cimc.dialects import tile
from cimc.dialects.cim import Window
from cimc.dialects.tile.body import length_of
from cimc.dialects.tile.memory import integer
from cimc.isa.program import Line, executed
from cimc.passes.tile.dependences import targets_of
from cimc.passes.tile.sweeps import core_of
from cimc.simulation.metrics import layer_row

__all__ = ["LayerBound", "layer_bounds", "network_bound"]

#: Layers above and below whose windows of windows are looked at.
_DEPTH = 24


@dataclass
class LayerBound:
    """Cycles that a layer takes at least, and those before and after it."""

    work: int
    what: str
    head: int
    tail: int

    @property
    def total(self) -> int:
        """Cycles that the network takes at least because of this layer."""
        return self.head + self.work + self.tail

    def details(self) -> dict[str, Attribute]:
        """What a layer of a program says of it: ``bound_cycles`` is the work."""
        return {
            "bound_cycles": integer(self.work),
            "bound_by": StringAttr(self.what),
            "cycles_before": integer(self.head),
            "cycles_after": integer(self.tail),
        }


def network_bound(
    module: ModuleOp, lines: Mapping[int, list[Line]], machine: RramMachine
) -> dict[str, Any]:
    """``bound`` of metrics.json: cycles of an image at least, and what takes them.

    ``lines`` are the main sections of the cores by number.
    Nothing if the layers of the program do not say how much they take.
    """
    bounds = [
        (
            sum(row[key] for key in ("cycles_before", "bound_cycles", "cycles_after")),
            f"{row['bound_by']} of {row['name']}",
        )
        for op in module.ops
        if isinstance(op, LayerOp) and "bound_cycles" in (row := layer_row(op))
    ]
    if not bounds:
        return {}
    ports = {
        number: sum(
            executions * machine.bus_cycles(*line.op.transfer())
            for line, executions in executed(main)
            if isinstance(line.op, LoadOp | StoreOp)
        )
        for number, main in lines.items()
    }
    if machine.mesh_columns:
        bounds += [(cycles, f"port of core {core}") for core, cycles in ports.items()]
    else:
        bounds.append((sum(ports.values()), "bus"))
    cycles, what = max(bounds)
    return {"cycles": cycles, "what": what}


def layer_bounds(
    sweeps: list[tile.SweepOp], machine: RramMachine
) -> dict[str, LayerBound]:
    """The bounds of all layers, by name."""
    maps = _maps(sweeps, machine)
    for map_ in maps:
        map_.head = _longest(map_, "sources")
    for map_ in reversed(maps):
        map_.tail = _longest(map_, "users")
    bounds: dict[str, LayerBound] = {}
    for map_ in maps:
        found = LayerBound(map_.work, map_.what, map_.head, map_.tail)
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
        """Cycles for so many positions, if all cores share them evenly."""
        height, width = self.size
        copies = max(1, height * width // max(self.vectors, 1))
        return -(-rows * columns // copies) * self.cycles


@dataclass(frozen=True)
class _Edge:
    """Windows over one map for another; ``far`` is the one seen from here."""

    far: _Map
    above: _Map
    below: _Map
    window: Window

    def reach(self, rows: int, columns: int) -> tuple[int, int]:
        """The fewest rows and columns of ``far`` that go with so many of the other."""
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

    That is none where windows leave lines out.
    """
    size = edge.below.size[axis]
    before, after, step, kernel = _geometry(edge, axis)
    first = (positions - 1 + before) // step + 1
    last = (positions - 1 + after) // step + 1
    return min(size, first, last) if kernel >= step else 0


def _geometry(edge: _Edge, axis: int) -> tuple[int, int, int, int]:
    """Padding that is really seen before and after the map, stride, kernel."""
    window = edge.window
    step, before = window.stride[axis], window.pad[axis]
    kernel = (window.kernel[axis] - 1) * window.dilation[axis] + 1
    seen = (edge.below.size[axis] - 1) * step + kernel
    after = max(0, seen - before - edge.above.size[axis])
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


def _maps(sweeps: list[tile.SweepOp], machine: RramMachine) -> list[_Map]:
    """The maps that sweeps compute, in program order, and how they depend."""
    targets = targets_of(sweeps)
    maps: dict[SSAValue, _Map] = {}
    work: Counter[tuple[SSAValue, int]] = Counter()
    edges: dict[tuple[SSAValue, SSAValue, Window], None] = {}
    for sweep, target in targets.items():
        type_ = target.type
        assert isinstance(type_, tile.FeatureMapType)
        maps.setdefault(target, _Map(sweep.layer.data, type_.shape[:2]))
        cycles, what = _cycles(sweep, machine)
        if cycles > maps[target].cycles:
            maps[target].cycles, maps[target].what = cycles, what
        if not _is_halo(sweep):
            work[target, core_of(sweep)] += sweep.positions
        for op in sweep.body.block.ops:
            if isinstance(op, tile.WindowOp):
                edges[op.source, target, op.window] = None
    for (target, _), vectors in work.items():
        maps[target].vectors = max(maps[target].vectors, vectors)
    for source, target, window in edges:
        if source in maps:
            above, below = maps[source], maps[target]
            below.sources.append(_Edge(above, above, below, window))
            above.users.append(_Edge(below, above, below, window))
    return list(maps.values())


def _is_halo(sweep: tile.SweepOp) -> bool:
    return any(isinstance(op, tile.SplatOp) for op in sweep.body.block.ops)


def _cycles(sweep: tile.SweepOp, machine: RramMachine) -> tuple[int, str]:
    """Cycles that the busiest unit takes for one vector, and which unit that is."""
    lanes, crossbar = 0, 0
    for op in sweep.body.block.ops:
        match op:
            case tile.MvmOp():
                crossbar = machine.mvm_cycles
            case tile.MaxOp() | tile.SumOp() | tile.AverageOp():
                lanes += length_of(op.operand)
            case tile.AddOp():
                lanes += 2 * length_of(op.result)
            case tile.AccumulateOp() | tile.FinishOp() | tile.TableOp():
                lanes += length_of(op.result)
            case _:
                pass
    vector = machine.vector_cycles(lanes) if lanes else machine.issue_cycles
    return max((crossbar, "crossbar"), (vector, "vector unit"))
