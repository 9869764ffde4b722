"""``insert-sync``: make cores wait for what other cores write, and have read."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal, get_args

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException

from cimc.dialects import tile
from cimc.passes.tile.dependences import (
    Reader,
    Writer,
    chains_of,
    readers_of,
    writers_of,
)
from cimc.passes.tile.sweeps import core_of

__all__ = ["InsertSync", "Scheme"]

Scheme = Literal["sequential", "linear"]


@dataclass(frozen=True)
class InsertSync(ModulePass):
    """Order all accesses to shared memory by sequences between pairs of cores.

    Inside a horizontal group (cores that add into the same partial sums):
    ``sequential`` lets the cores run one after another; with ``linear`` a core waits
    per vector, right before it reads the partial sums (Pelke et al., VLSI-SoC 2023).

    Between layers, a core waits for each part of its rows until what it reads is
    there, and before it writes a row into a ring until all have read the row whose
    place that takes. Parts have at least ``group`` positions. Without ``overlap``, or
    where rows do not come in order, it waits until the maps that it reads are
    complete.
    """

    name = "insert-sync"

    scheme: str = "linear"
    overlap: bool = True
    group: int = 4

    def __post_init__(self) -> None:
        if self.group < 1:
            raise ValueError("group must be at least 1")

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Add ``tile.sequence``, ``tile.signal`` and ``tile.await`` operations."""
        if self.scheme not in get_args(Scheme):
            raise PassFailedException(
                f"scheme must be one of {', '.join(get_args(Scheme))}, "
                f"not {self.scheme!r}"
            )
        sweeps = [
            sweep for sweep in op.body.block.ops if isinstance(sweep, tile.SweepOp)
        ]
        if any(isinstance(old, tile.SequenceOp) for old in op.body.block.ops):
            raise PassFailedException("the module has sequences already")
        if self.scheme == "sequential" and any(
            isinstance(buffer, tile.FeatureMapOp | tile.PartialSumsOp)
            and buffer.ring is not None
            for buffer in op.body.block.ops
        ):
            raise PassFailedException(
                "cores that run one after another need whole buffers: no "
                "recycle-buffers before insert-sync{scheme=sequential}"
            )
        sequences = _Sequences()
        chains = list(dict.fromkeys(map(tuple, chains_of(sweeps).values())))
        writers, readers = writers_of(sweeps), readers_of(sweeps)
        before: dict[tile.SweepOp, list[tile.SweepOp]] = {s: [] for s in sweeps}
        for chain in chains:
            for earlier, later in pairwise(chain):
                if self.scheme == "linear":
                    _take_turns(sequences, earlier, later)
                else:
                    before[later].append(earlier)
            _reuse_sums(sequences, chain)
        last = {sweep: chain[-1] for chain in chains for sweep in chain}
        for source, found in readers.items():
            for writer in writers.get(source, []):
                met = [reader for reader in found if writer.overlaps(reader)]
                for reader in met:
                    if core_of(reader.sweep) == writer.core:
                        continue
                    if self.overlap and writer.in_order and reader.sweep.rows.size > 1:
                        _follow(sequences, writer, reader, self.group)
                    else:
                        before[reader.sweep] += writer.sweeps
                if writer.map.ring is not None:
                    ends = {last.get(r.sweep, r.sweep): r for r in met}
                    for end, reader in ends.items():
                        _release_rows(sequences, writer, reader, end)
        positions = {sweep: i for i, sweep in enumerate(sweeps)}
        _Completion(positions, sequences).order(before)
        if sequences:
            op.body.block.insert_ops_before(sequences, sweeps[0])


class _Sequences(list[tile.SequenceOp]):
    """New sequences, to be declared before the sweeps."""

    def new(self, source: int, after: tile.SweepOp, credit: int = 0) -> SSAValue:
        """A sequence from core ``source`` to that of ``after``."""
        self.append(tile.SequenceOp(source, core_of(after), credit))
        return self[-1].result


def _take_turns(
    sequences: _Sequences, earlier: tile.SweepOp, later: tile.SweepOp
) -> None:
    """Let ``later`` add to each vector of partial sums that ``earlier`` has left."""
    sequence = sequences.new(core_of(earlier), later)
    stored = _last(earlier, tile.StorePartialOp)
    _insert(earlier, tile.SignalOp(sequence, 1), after=stored)
    loaded = _first(later, tile.LoadPartialOp)
    _insert(later, tile.AwaitOp(sequence, 1), before=loaded)


def _reuse_sums(sequences: _Sequences, chain: tuple[tile.SweepOp, ...]) -> None:
    """Let the first of a chain write a vector when the last has read the one there."""
    first, last = chain[0], chain[-1]
    buffers = [
        op.target.owner
        for op in first.body.block.ops
        if isinstance(op, tile.StorePartialOp)
    ]
    rings = [
        buffer.vectors
        for buffer in buffers
        if isinstance(buffer, tile.PartialSumsOp) and buffer.ring is not None
    ]
    if not rings:
        return
    sequence = sequences.new(core_of(last), first, credit=min(rings))
    stored = _first(first, tile.StorePartialOp)
    _insert(first, tile.AwaitOp(sequence, 1), before=stored)
    loaded = _last(last, tile.LoadPartialOp)
    _insert(last, tile.SignalOp(sequence, 1), after=loaded)


def _follow(sequences: _Sequences, writer: Writer, reader: Reader, group: int) -> None:
    """Let ``reader`` wait for what it needs of a map, part by part of each row.

    Rows on both sides are cut into as many parts, and the writer signals each. Before
    part m of its row i, the reader has waited for ahead + i · step · parts + m + 1 +
    (step - 1) · parts of them. Both sides count the same number in all, so that the
    next image finds the sequence as this one did: the reader waits for parts that it
    does not need, or the writer signals more.
    """
    sweep, step, columns = reader.sweep, reader.step, writer.columns
    parts = _parts(columns.size, sweep.columns.size, group)
    wide, narrow = columns.size // parts, sweep.columns.size // parts
    needed = [
        reader.first_column + (narrow * (part + 1) - 1) * reader.column_step
        for part in range(parts)
    ]
    beyond = max(
        -(-min(max(column - columns.start, 0), columns.size) // wide) - part
        for part, column in enumerate(needed)
    )
    preset, stop = writer.rows[0].start, writer.rows[-1].stop
    awaited = step * sweep.rows.size * parts
    signalled = (stop - preset) * parts
    ahead = (reader.first - preset - step) * parts + beyond - 1
    ahead = max(ahead, signalled - awaited)
    sequence = sequences.new(writer.core, sweep, credit=max(0, -ahead))
    window = _first(sweep, tile.WindowOp)
    if ahead > 0:
        _insert(sweep, tile.AwaitOp(sequence, by=ahead), before=window)
    skipped = (step - 1) * parts
    if skipped:
        skip = tile.AwaitOp(sequence, every=sweep.columns.size, by=skipped)
        _insert(sweep, skip, before=window)
    _insert(sweep, tile.AwaitOp(sequence, every=narrow), before=window)
    for part in writer.sweeps:
        if part.columns.size == columns.size:
            _insert(part, tile.SignalOp(sequence, every=wide))
        else:
            row = tile.SignalOp(sequence, every=part.columns.size, by=parts)
            _insert(part, row)
    surplus = awaited + max(0, ahead) - signalled
    if surplus:
        _insert(writer.sweeps[-1], tile.SignalOp(sequence, by=surplus))


def _parts(wide: int, narrow: int, group: int) -> int:
    """The most equal parts of two rows with at least ``group`` positions each.

    A row is halved as often as possible, then cut in three, and so on, so that of any
    two ways to cut it one refines the other: the loops of a sweep nest.
    """
    both = _refinements(wide) & _refinements(narrow)
    return max(
        parts for parts in both if parts == 1 or min(wide, narrow) // parts >= group
    )


def _refinements(size: int) -> set[int]:
    """Numbers of equal parts, each a multiple of those before it."""
    found, parts, factor = {1}, 1, 2
    while parts < size:
        while size // parts % factor:
            factor += 1
        parts *= factor
        found.add(parts)
    return found


def _release_rows(
    sequences: _Sequences, writer: Writer, reader: Reader, end: tile.SweepOp
) -> None:
    """Let ``writer`` write a row into a ring when the row in its place has been read.

    ``end`` finishes what ``reader`` has begun to compute, and so has all its windows
    behind it. As above, both sides count the same number in all.
    """
    row, rows = end.columns.size, end.rows.size
    signalled, awaited = reader.step * rows, writer.rows[-1].stop
    surplus = max(0, signalled - awaited)
    credit = writer.map.rows + reader.kept + surplus
    first, *_ = writer.sweeps
    sequence = sequences.new(core_of(end), first, credit)
    if surplus:
        stored = _first(first, tile.StoreOp)
        _insert(first, tile.AwaitOp(sequence, by=surplus), before=stored)
    for part in writer.sweeps:
        stored = _first(part, tile.StoreOp)
        _insert(part, tile.AwaitOp(sequence, every=part.columns.size), before=stored)
    _insert(end, tile.SignalOp(sequence, every=row, by=reader.step))
    if awaited > signalled:
        _insert(end, tile.SignalOp(sequence, by=awaited - signalled))


@dataclass
class _Completion:
    """Which sweeps of other cores each core has waited for to the end.

    Since a core runs its sweeps in program order, having waited for one of them it
    need not wait for those before it, and one sequence serves each pair of cores.
    ``positions`` gives the place of every sweep in the program.
    """

    positions: dict[tile.SweepOp, int]
    sequences: _Sequences
    by_cores: dict[tuple[int, int], SSAValue] = field(
        default_factory=dict[tuple[int, int], SSAValue]
    )
    awaited: dict[tuple[int, int], int] = field(
        default_factory=dict[tuple[int, int], int]
    )

    def order(self, before: dict[tile.SweepOp, list[tile.SweepOp]]) -> None:
        """Let every sweep start when those in its list are complete."""
        for after, sweeps in before.items():
            self._start_after(sweeps, after)

    def _start_after(self, before: list[tile.SweepOp], after: tile.SweepOp) -> None:
        sink = core_of(after)
        last = {
            core_of(sweep): sweep
            for sweep in sorted(before, key=lambda sweep: self.positions[sweep])
        }
        for source, sweep in last.items():
            pair, position = (source, sink), self.positions[sweep]
            if source == sink or self.awaited.get(pair, -1) >= position:
                continue
            if pair not in self.by_cores:
                self.by_cores[pair] = self.sequences.new(source, after)
            self.awaited[pair] = position
            sequence = self.by_cores[pair]
            _insert(sweep, tile.SignalOp(sequence))
            first = after.body.block.first_op
            assert first is not None
            _insert(after, tile.AwaitOp(sequence), before=first)


def _insert(
    sweep: tile.SweepOp,
    op: Operation,
    *,
    before: Operation | None = None,
    after: Operation | None = None,
) -> None:
    """Put an operation into a sweep, at the end unless it says where."""
    block = sweep.body.block
    if before is not None:
        block.insert_op_before(op, before)
    elif after is not None:
        block.insert_op_after(op, after)
    else:
        block.add_op(op)


def _last(sweep: tile.SweepOp, kind: type[Operation]) -> Operation:
    return [op for op in sweep.body.block.ops if isinstance(op, kind)][-1]


def _first(sweep: tile.SweepOp, kind: type[Operation]) -> Operation:
    return next(op for op in sweep.body.block.ops if isinstance(op, kind))
