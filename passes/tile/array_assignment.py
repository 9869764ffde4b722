"""Which core takes which part of a layer: balanced work, limited arrays.

The numbers behind ``assign-arrays``, without any IR.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from ortools.sat.python import cp_model

from cimc.passes.tile.solver import solve

__all__ = ["Assignment", "Item", "assign", "fits"]

_SMALL = 1000
"""Items × cores up to which all layers are balanced in one model."""

_EFFORT = 1.0
"""Deterministic time (about seconds) for one model."""


@dataclass(frozen=True)
class Item:
    """What one core takes as a whole: ``size`` blocks of a sweep, or vector work.

    ``weights`` counts those of the blocks; items of one ``sweep`` need different
    cores. Vector work has no blocks.
    """

    layer: str
    sweep: int
    size: int
    weights: int
    work: int


@dataclass
class Assignment:
    """A core for every item, and whether its blocks have their arrays to themselves.

    The blocks of other items are loaded again for each image, into the arrays that
    are left on their core. Core -1 means none yet.
    """

    items: Sequence[Item]
    cores: int
    arrays: int
    core: list[int] = field(init=False)
    resident: list[bool] = field(init=False)

    def __post_init__(self) -> None:
        self.core = [-1] * len(self.items)
        self.resident = [True] * len(self.items)

    @property
    def reloaded(self) -> int:
        """Weights that are loaded for each image."""
        pairs = zip(self.items, self.resident, strict=True)
        return sum(item.weights for item, resident in pairs if not resident)

    @property
    def spans(self) -> dict[str, int]:
        """For each layer the work of the core that has the most of it."""
        load: dict[tuple[str, int], int] = defaultdict(int)
        for item, core in zip(self.items, self.core, strict=True):
            load[item.layer, core] += item.work
        found: dict[str, int] = defaultdict(int)
        for (layer, _), work in load.items():
            found[layer] = max(found[layer], work)
        return found


def assign(items: Sequence[Item], cores: int, arrays: int) -> Assignment:
    """Assign all items to cores with ``arrays`` arrays each.

    No item has more than ``arrays`` blocks, no sweep more than ``cores`` items.
    """
    assignment = _first(items, cores, arrays)
    layers = {
        layer: [i for i, item in enumerate(items) if item.layer == layer]
        for layer in dict.fromkeys(item.layer for item in items)
    }
    spans = assignment.spans
    improvable = [
        layer
        for layer, members in layers.items()
        if spans[layer] > _bound([items[i].work for i in members], cores)
    ]
    if improvable and len(items) * cores <= _SMALL:
        _balance(assignment, range(len(items)))
    else:
        for layer in improvable:
            _balance(assignment, layers[layer])
    return assignment


def fits(items: Sequence[Item], cores: int, arrays: int) -> bool:
    """Whether ``assign`` is sure to let all items be resident, whatever their work."""
    greedy = _Greedy(Assignment(items, cores, arrays), _fullest)
    return greedy.run(_pieces(items), set(), 0, 0) is not None


def _bound(works: list[int], cores: int) -> int:
    """A lower bound of the work of the most loaded core.

    The mean, and (k + 1)·w for the k·cores + 1 items of at least w each.
    """
    ordered = sorted(works, reverse=True)
    crowded = [(k + 1) * w for k, w in enumerate(ordered[::cores])]
    return max(-(-sum(works) // cores), *crowded)


# The first assignment.


def _first(items: Sequence[Item], cores: int, arrays: int) -> Assignment:
    """All items resident if greedy placement manages it, else the quickest choice.

    What is not resident needs free arrays: ``width`` of them on ``depth`` cores, as
    one of the sweeps does, or on all cores. All such pools are tried; each keeps
    resident what does not fit the pool, then what has the most weights per array,
    then the most work. Of choices alike in work the one with the fewest reloads wins.
    """
    pieces = _pieces(items)
    needs = {
        sweep: (len(members), max(items[i].size for i in members))
        for sweep, members in pieces.items()
    }
    pools = {*needs.values(), *((cores, width) for _, width in needs.values())}
    found: list[Assignment] = []
    for depth, width in [(0, 0), *sorted(pools)]:
        pooled = {
            sweep
            for sweep, (count, size) in needs.items()
            if count <= depth and size <= width
        }
        for choose in (_least_loaded, _fullest):
            placed = _Greedy(Assignment(items, cores, arrays), choose).run(
                pieces, pooled, depth, width
            )
            if placed and not placed.reloaded:
                return placed
            if placed:
                found.append(placed)
    return min(found, key=lambda placed: (sum(placed.spans.values()), placed.reloaded))


def _pieces(items: Sequence[Item]) -> dict[int, list[int]]:
    """The items with blocks by sweep."""
    pieces: dict[int, list[int]] = defaultdict(list)
    for index, item in enumerate(items):
        if item.size:
            pieces[item.sweep].append(index)
    return pieces


_Choice = Callable[["_Greedy", Item, Iterable[int]], int]


@dataclass
class _Greedy:
    """Places one item after the other."""

    assignment: Assignment
    choose: _Choice
    load: dict[tuple[str, int], int] = field(
        default_factory=lambda: defaultdict[tuple[str, int], int](int)
    )

    def __post_init__(self) -> None:
        self.free = [self.assignment.arrays] * self.assignment.cores

    def run(
        self, pieces: dict[int, list[int]], pooled: set[int], depth: int, width: int
    ) -> Assignment | None:
        """Place all items, or nothing if a sweep outside ``pooled`` does not fit."""
        items = self.assignment.items

        def urgency(sweep: int) -> tuple[bool, float, int, int]:
            members = [items[i] for i in pieces[sweep]]
            size = sum(item.size for item in members)
            weights = sum(item.weights for item in members)
            work = sum(item.work for item in members)
            if not pooled:
                return False, -size, -work, sweep
            return sweep in pooled, -weights / size, -work, sweep

        reserved = [width if core < depth else 0 for core in range(len(self.free))]
        self.free = [a - b for a, b in zip(self.free, reserved, strict=True)]
        left: list[int] = []
        for sweep in sorted(pieces, key=urgency):
            if not self.place(pieces[sweep], resident=True):
                if sweep not in pooled:
                    return None
                left.append(sweep)
        self.free = [a + b for a, b in zip(self.free, reserved, strict=True)]
        for sweep in left:
            self.place(pieces[sweep], resident=False)
        for index in sorted(range(len(items)), key=lambda i: -items[i].work):
            if not items[index].size:
                self.place([index], resident=True)
        return self.assignment

    def place(self, members: list[int], *, resident: bool) -> bool:
        """Place the items of one sweep on different cores; whether that worked."""
        taken: dict[int, int] = {}
        for index in members:
            item = self.assignment.items[index]
            fitting = [
                core
                for core, free in enumerate(self.free)
                if free >= item.size and core not in taken
            ]
            if not fitting:
                return False
            taken[self.choose(self, item, fitting)] = index
        for core, index in taken.items():
            item = self.assignment.items[index]
            self.assignment.core[index] = core
            self.assignment.resident[index] = resident
            self.load[item.layer, core] += item.work
            if resident:
                self.free[core] -= item.size
        return True


def _least_loaded(greedy: _Greedy, item: Item, fitting: Iterable[int]) -> int:
    """The core with the least work of the layer, then the most free arrays."""
    return min(fitting, key=lambda c: (greedy.load[item.layer, c], -greedy.free[c]))


def _fullest(greedy: _Greedy, item: Item, fitting: Iterable[int]) -> int:
    """The core with the fewest free arrays, then the least work of the layer."""
    return min(fitting, key=lambda c: (greedy.free[c], greedy.load[item.layer, c]))


# Its improvement.


def _balance(assignment: Assignment, members: Iterable[int]) -> None:
    """Move ``members`` between cores so that their layers' spans are least in sum.

    Everything else stays where it is, and what is resident stays so.
    """
    chosen = set(members)
    items, resident = assignment.items, assignment.resident
    cores = range(assignment.cores)
    model = cp_model.CpModel()
    on = {(i, c): model.new_bool_var(f"{i} on {c}") for i in chosen for c in cores}
    sweeps: dict[int, list[int]] = defaultdict(list)
    layers: dict[str, list[int]] = defaultdict(list)
    for index in chosen:
        model.add_exactly_one(on[index, core] for core in cores)
        sweeps[items[index].sweep].append(index)
        layers[items[index].layer].append(index)
    for core in cores:
        for pieces in sweeps.values():
            model.add_at_most_one(on[i, core] for i in pieces)
        kept = sum(items[i].size * on[i, core] for i in chosen if resident[i])
        there = [
            i
            for i, other in enumerate(assignment.core)
            if other == core and i not in chosen
        ]
        room = assignment.arrays - sum(items[i].size for i in there if resident[i])
        pool = max((items[i].size for i in there if not resident[i]), default=0)
        model.add(kept + pool <= room)
        for index in chosen:
            if not resident[index]:
                model.add(kept + items[index].size * on[index, core] <= room)
    bounds: list[cp_model.IntVar] = []
    for layer, parts in layers.items():
        span = model.new_int_var(0, sum(items[i].work for i in parts), f"span {layer}")
        for core in cores:
            model.add(sum(items[i].work * on[i, core] for i in parts) <= span)
        bounds.append(span)
    model.minimize(sum(bounds))
    for (index, core), variable in on.items():
        model.add_hint(variable, assignment.core[index] == core)
    solver = solve(model, _EFFORT)
    spans = assignment.spans
    before = sum(spans[layer] for layer in layers)
    if solver is not None and solver.objective_value < before:
        for (index, core), variable in on.items():
            if solver.boolean_value(variable):
                assignment.core[index] = core
