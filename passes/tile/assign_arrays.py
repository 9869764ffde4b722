"""``assign-arrays``: give blocks their arrays and sweeps their cores, in balance."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from cimc.diagnostics import DoesNotFitError
from cimc.dialects import tile
from cimc.dialects.cim import Range
from cimc.dialects.tile.memory import integer
from cimc.passes.tile.array_assignment import Assignment, Item, assign
from cimc.passes.tile.sweeps import runs, weight_blocks, work_of

__all__ = ["AssignArrays"]


@dataclass(frozen=True)
class AssignArrays(ModulePass):
    """Assign arrays and cores for a machine whose layers run one after another.

    The blocks of a sweep lie on one core, or in runs of ``arrays`` on several, which
    ``distribute-sweeps`` links. Sweeps without blocks that write the same channels of
    one map, such as the parts of a pooling layer, run on one core.

    Blocks that exceed all arrays together share some: no two blocks of one sweep, and
    each is loaded again before its sweep. Which blocks keep an array to themselves is
    decided first, by a greedy heuristic that wants work in balance, and then few
    weights reloaded; cores are chosen then, so that the work of the most loaded core
    of a layer, in sum over the layers, is least. Work is counted as ``work_of`` does.
    CP-SAT finds that choice for given residents: in a small network for all layers at
    once, in others for one layer after the other around greedy choices for the rest,
    which need not be the optimum of the whole. Its effort is bounded by deterministic
    time, so equal inputs give equal results.
    """

    name = "assign-arrays"

    cores: int = 32
    arrays: int = 16

    def __post_init__(self) -> None:
        if min(self.cores, self.arrays) < 1:
            raise ValueError("cores and arrays must be at least 1")

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Set ``core`` and ``array`` of blocks, and ``core`` of vector sweeps."""
        sweeps = [
            sweep for sweep in op.body.block.ops if isinstance(sweep, tile.SweepOp)
        ]
        parts: list[list[tile.WeightBlockOp] | list[tile.SweepOp]] = []
        items: list[Item] = []
        for number, sweep in enumerate(sweeps):
            blocks = weight_blocks(sweep)
            self._check(sweep, len(blocks))
            for run in runs(blocks, self.arrays):
                parts.append(run)
                items.append(_item_of(sweep, number, run))
        for number, group in enumerate(_vector_groups(sweeps), len(sweeps)):
            work = sum(work_of(sweep) for sweep in group)
            parts.append(group)
            items.append(Item(group[0].layer.data, number, 0, 0, work))
        assignment = assign(items, self.cores, self.arrays)
        for part, core in zip(parts, assignment.core, strict=True):
            for member in part:
                member.properties["core"] = integer(core)
        self._number_arrays(parts, assignment)

    def _check(self, sweep: tile.SweepOp, demand: int) -> None:
        available = self.cores * self.arrays
        if demand > available:
            raise DoesNotFitError(
                "E031",
                f"one product needs {demand} arrays at once, the chip has {available}",
                where=f"node '{sweep.layer.data}'",
                hints=("a chip with larger arrays, or more of them",),
            )

    def _number_arrays(
        self,
        parts: list[list[tile.WeightBlockOp] | list[tile.SweepOp]],
        assignment: Assignment,
    ) -> None:
        """Arrays of each core: residents in program order, the others share the rest.

        Of the rest, a block takes the array with the fewest blocks so far.
        """
        users = {core: Counter[int]() for core in range(self.cores)}
        shared = {core: list(range(self.arrays)) for core in users}
        for wanted in (True, False):
            for part, core, resident in zip(
                parts, assignment.core, assignment.resident, strict=True
            ):
                if resident is not wanted:
                    continue
                blocks = [op for op in part if isinstance(op, tile.WeightBlockOp)]
                rest = sorted(shared[core], key=lambda a: (users[core][a], a))
                for block, array in zip(blocks, rest[: len(blocks)], strict=True):
                    block.properties["array"] = integer(array)
                    users[core][array] += 1
                    if resident:
                        shared[core].remove(array)


def _item_of(sweep: tile.SweepOp, number: int, run: list[tile.WeightBlockOp]) -> Item:
    sizes = [(block.type.rows.data, block.type.columns.data) for block in run]
    return Item(
        sweep.layer.data,
        number,
        len(run),
        sum(rows * columns for rows, columns in sizes),
        sweep.positions * sum(rows for rows, _ in sizes),
    )


def _vector_groups(sweeps: list[tile.SweepOp]) -> list[list[tile.SweepOp]]:
    """Sweeps without blocks, those together that write channels of a map in common."""
    groups: dict[tuple[str, SSAValue], list[tuple[Range, list[tile.SweepOp]]]]
    groups = defaultdict(list)
    for sweep in sweeps:
        stored = sweep.body.block.last_op
        if isinstance(stored, tile.StoreOp) and not weight_blocks(sweep):
            known = groups[sweep.layer.data, stored.target]
            channels, members = stored.channels, [sweep]
            for old in [old for old in known if _overlap(old[0], channels)]:
                known.remove(old)
                channels = _union(old[0], channels)
                members = [*old[1], *members]
            known.append((channels, members))
    return [members for known in groups.values() for _, members in known]


def _overlap(a: Range, b: Range) -> bool:
    return a.start < b.stop and b.start < a.stop


def _union(a: Range, b: Range) -> Range:
    return Range.of(min(a.start, b.start), max(a.stop, b.stop))
