"""``insert-sync``: make cores wait for what other cores write, and have read."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal, get_args

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException

from cimc.dialects import tile
from cimc.passes.tile.chain_order import Chain, hand_on, reuse_sums, sums_of
from cimc.passes.tile.dependences import (
    Reader,
    Writer,
    chains_of,
    readers_of,
    writers_of,
)
from cimc.passes.tile.follow_rows import follow, release_images, release_rows
from cimc.passes.tile.order_time import Timing, best_order
from cimc.passes.tile.orders import Order
from cimc.passes.tile.phases import handed_over, phases_of
from cimc.passes.tile.sequences import Sequences, insert
from cimc.passes.tile.sweeps import core_of

__all__ = ["InsertSync", "Scheme"]

#: Windows that are loaded in the time of a product.
_EXPOSED = 10

Scheme = Literal["sequential", "linear", "cyclic", "auto"]


@dataclass(frozen=True)
class InsertSync(ModulePass):
    """Order all accesses to shared memory by sequences between pairs of cores.

    Inside a chain (cores that add into the same partial sums) ``sequential`` lets the
    cores run one after another.
    With ``linear`` all go through the vectors in one order, and with ``cyclic`` each
    begins elsewhere and wraps around; a core waits for ``every`` so many vectors, right
    before it reads their partial sums. ``auto`` takes what is the fastest by the times
    ``mvm`` from product to product and ``hand_on`` from core to core, which grows with
    the beats of ``beat_bytes`` bytes and the steps of ``lanes`` that a vector of sums
    takes, and of what is about as fast what synchronises least often. ``hold`` says the
    products of how many vectors a core holds while it waits.

    All this is for layers that do not share the time with their neighbours or with
    the next image of a batch; others, and with ``auto`` all that have neighbours on the
    chip, are linear by vectors.

    Between layers, a core waits for each part of its rows until what it reads is
    there, and before it writes a row into a ring until all have read the row whose
    place that takes. Parts have at least ``part`` positions, or down to ``finest_part``
    of a reader that has time to spare. Readers say so for ``release_rows`` rows at
    once, which rings must be made for (see ``recycle-buffers``). Without ``overlap``,
    or where rows do not come in order, it waits until the maps that it reads are
    complete. Before it writes an image of a batch into a map that holds whole images,
    it waits until all have read the image whose place that takes. No sequence goes
    from one phase to another, which have an order.
    """

    name = "insert-sync"

    scheme: str = "linear"
    every: int = 1
    overlap: bool = True
    part: int = 4
    finest_part: int = 4
    release_rows: int = 1
    mvm: int = 1000
    hand_on: int = 50
    beat_bytes: int = 64
    lanes: int = 32
    hold: int = 1

    def __post_init__(self) -> None:
        positive = (
            *("every", "part", "finest_part", "release_rows"),
            *("mvm", "beat_bytes", "lanes", "hold"),
        )
        if min(getattr(self, name) for name in positive) < 1:
            raise ValueError(f"{', '.join(positive)} must be at least 1")
        if self.hand_on < 0:
            raise ValueError("hand_on must not be negative")

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Add ``tile.sequence``, ``tile.signal`` and ``tile.await`` operations."""
        if self.scheme not in get_args(Scheme):
            raise PassFailedException(
                f"scheme must be one of {', '.join(get_args(Scheme))}, "
                f"not {self.scheme!r}"
            )
        if any(isinstance(old, tile.SequenceOp) for old in op.body.block.ops):
            raise PassFailedException("the module has sequences already")
        if self.scheme == "sequential" and (_sums_recycled(op) or _maps_recycled(op)):
            raise PassFailedException(
                "cores that run one after another need whole buffers: no "
                "recycle-buffers before insert-sync{scheme=sequential}"
            )
        if not self.overlap and _maps_recycled(op):
            raise PassFailedException(
                "layers that run one after another need whole feature maps: no "
                "recycle-buffers before insert-sync{overlap=false}"
            )
        phases = phases_of(op)
        kept = handed_over(phases)
        chained = [self._chain(sweeps, kept) for sweeps in phases]
        # Chains may have other sweeps now.
        for sweeps, phase in zip(phases_of(op), chained, strict=True):
            self._connect(sweeps, phase)
            positions = {sweep: i for i, sweep in enumerate(sweeps)}
            _Completion(positions, phase.sequences).order(
                {
                    sweep: phase.before[sweep]
                    for sweep in sweeps
                    if sweep in phase.before
                }
            )
            if phase.sequences:
                op.body.block.insert_ops_before(phase.sequences, sweeps[0])

    def _chain(self, sweeps: list[tile.SweepOp], kept: set[SSAValue]) -> _Phase:
        """Synchronise each chain.

        Sums that are ``kept`` across phases are those of no chain: another phase adds
        to them.
        """
        in_pipeline = self._in_pipeline(sweeps)
        chains = {sums: tuple(chain) for sums, chain in chains_of(sweeps).items()}
        memberships = Counter(
            sweep for chain in dict.fromkeys(chains.values()) for sweep in chain
        )
        own = dict.fromkeys(chains[sums] for sums in chains if sums not in kept)
        maps = [source.owner for source in {op.source for op in _windows(sweeps)}]
        streams = any(isinstance(m, tile.FeatureMapOp) and m.images > 1 for m in maps)
        phase = _Phase()
        for chain in own:
            if self.scheme == "sequential":
                for earlier, later in pairwise(chain):
                    phase.before[later].append(earlier)
            else:
                alone = not streams and _maps(chain).isdisjoint(in_pipeline)
                alone = alone and all(memberships[sweep] == 1 for sweep in chain)
                order = self._order(chain, alone=alone)
                chain = hand_on(phase.sequences, chain, order)
            reuse_sums(phase.sequences, chain)
            phase.last.update(dict.fromkeys(chain, chain[-1]))
        return phase

    def _order(self, chain: Chain, *, alone: bool) -> Order:
        """The order in which a chain visits positions; in a pipeline it is linear."""
        cores, positions = len(chain), chain[0].positions
        if not alone:
            return Order("linear", cores, positions)
        if self.scheme == "auto":
            sizes = [sums.type.column_stride for sums in sums_of(chain)]
            beats = sum(-(-size // self.beat_bytes) for size in sizes)
            steps = sum(-(-size // (4 * self.lanes)) for size in sizes)
            more = 2 * beats + steps
            hold = self.hold if _may_hold(chain) else 1
            timing = Timing(self.mvm, self.hand_on + more, more, hold)
            return best_order(cores, positions, timing)
        scheme = "linear" if self.scheme == "linear" else "cyclic"
        return Order(scheme, cores, positions, self.every)

    def _in_pipeline(self, sweeps: list[tile.SweepOp]) -> set[SSAValue]:
        """Maps whose rows must come in order, since layers on both sides want them.

        For ``auto`` that are all maps between layers: what is late by a few vectors
        makes the next layer late.
        """
        writers = writers_of(sweeps)
        if self.scheme == "auto":
            return {op.source for op in _windows(sweeps) if op.source in writers}
        return {
            source
            for source, found in readers_of(sweeps).items()
            for writer in writers.get(source, [])
            for reader in found
            if writer.map.ring is not None or self._at_once(writer, reader)
        }

    def _connect(self, sweeps: list[tile.SweepOp], phase: _Phase) -> None:
        """Let sweeps wait for those that write the maps that they read."""
        sequences, last = phase.sequences, phase.last
        writers = writers_of(sweeps)
        places = {sweep: place for place, sweep in enumerate(sweeps)}
        busiest = max((sweep.positions for sweep in sweeps), default=0)
        for source, found in readers_of(sweeps).items():
            for writer in writers.get(source, []):
                met = [reader for reader in found if writer.overlaps(reader)]
                for reader in met:
                    if core_of(reader.sweep) == writer.core:
                        continue
                    if self._at_once(writer, reader):
                        part = self._part(reader.sweep.positions, busiest)
                        follow(sequences, writer, reader, part)
                    else:
                        phase.before[reader.sweep] += writer.sweeps
                if writer.map.ring is None:
                    continue
                ends = {last.get(r.sweep, r.sweep): r for r in met}
                if writer.map.rows < writer.map.rows_per_image:
                    for end, reader in ends.items():
                        release_rows(sequences, writer, reader, end, self.release_rows)
                    continue
                in_order = sorted(ends, key=lambda end: places[end])
                for core, end in {core_of(end): end for end in in_order}.items():
                    if core != writer.core:
                        release_images(sequences, writer, end)

    def _part(self, positions: int, busiest: int) -> int:
        """The fewest positions of a part for a reader, while others are the busiest.

        No product hides how the first window of a part is loaded, which takes about
        1 / ``_EXPOSED`` of one.
        """
        spare = busiest - positions
        least = -(-positions // (_EXPOSED * spare)) if spare else self.part
        return min(self.part, max(self.finest_part, least))

    def _at_once(self, writer: Writer, reader: Reader) -> bool:
        """Whether the reader begins before the writer is through."""
        moves = reader.step > 0 and reader.sweep.rows.size > 1
        return self.overlap and writer.in_order and moves


@dataclass(frozen=True)
class _Phase:
    """What is known of a phase when its chains are synchronised.

    The sequences that it needs so far, the sweeps that must be complete ``before``
    each, and the ``last`` sweep of the chain of each.
    """

    sequences: Sequences = field(default_factory=Sequences)
    before: dict[tile.SweepOp, list[tile.SweepOp]] = field(
        default_factory=lambda: defaultdict(list)
    )
    last: dict[tile.SweepOp, tile.SweepOp] = field(
        default_factory=dict[tile.SweepOp, tile.SweepOp]
    )


def _maps_recycled(op: ModuleOp) -> bool:
    """Whether a feature map does not hold all rows of an image at a time."""
    maps = [m for m in op.body.block.ops if isinstance(m, tile.FeatureMapOp)]
    return any(map_.rows < map_.rows_per_image for map_ in maps)


def _sums_recycled(op: ModuleOp) -> bool:
    """Whether partial sums do not hold all vectors of an image at a time."""
    chains = chains_of([sweep for sweeps in phases_of(op) for sweep in sweeps])
    return any(
        sums.vectors < (chain[0].positions if chain else sums.vectors_per_image)
        for sums in op.body.block.ops
        if isinstance(sums, tile.PartialSumsOp)
        for chain in [chains.get(sums.result)]
    )


def _windows(sweeps: list[tile.SweepOp]) -> Iterator[tile.WindowOp]:
    for sweep in sweeps:
        for op in sweep.operations:
            if isinstance(op, tile.WindowOp):
                yield op


def _may_hold(chain: Chain) -> bool:
    """Whether no core has several products or other windows beside at a position."""
    return all(
        sum(isinstance(op, tile.WindowOp) for op in sweep.operations) == 1
        for sweep in chain
    )


def _maps(chain: Chain) -> set[SSAValue]:
    """The maps that a chain reads or writes."""
    operations = [op for sweep in chain for op in sweep.operations]
    return {
        op.source if isinstance(op, tile.WindowOp) else op.target
        for op in operations
        if isinstance(op, tile.WindowOp | tile.StoreOp)
    }


@dataclass
class _Completion:
    """Which sweeps of other cores each core has waited for to the end.

    Since a core runs its sweeps in program order, having waited for one of them it
    need not wait for those before it, and one sequence serves each pair of cores.
    ``positions`` gives the place of every sweep in the program.
    """

    positions: dict[tile.SweepOp, int]
    sequences: Sequences
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
                self.by_cores[pair] = self.sequences.new(source, sink)
            self.awaited[pair] = position
            sequence = self.by_cores[pair]
            insert(sweep, tile.SignalOp(sequence))
            first = after.body.block.first_op
            assert first is not None
            insert(after, tile.AwaitOp(sequence), before=first)
