"""Layers that follow each other by rows of the map between them, or parts of rows.

In a batch, images follow each other as rows do.
"""

from __future__ import annotations

from cimc.dialects import tile
from cimc.passes.tile.dependences import Reader, Writer
from cimc.passes.tile.sequences import Sequences, first_of, insert
from cimc.passes.tile.sweeps import core_of

__all__ = ["follow", "release_images", "release_rows"]


def follow(sequences: Sequences, writer: Writer, reader: Reader, group: int) -> None:
    """Let ``reader`` wait for what it needs of a map, part by part of each row.

    Rows on both sides are cut into as many parts, and the writer signals each. Before
    part m of its row i, the reader has waited for ahead + i · step · parts + m + 1 +
    (step - 1) · parts of them. Both sides count the same number in all, so that the
    next image finds the sequence as this one did: the reader waits for parts that it
    does not need, or the writer signals more. A writer of several rows together signals
    whole ones.
    """
    sweep, step, columns = reader.sweep, reader.step, writer.columns
    sizes = {1}
    if all(_rows_at_once(part) == 1 for part in writer.sweeps):
        sizes = _parts(columns.size, sweep.columns.size, group)
    lags = {parts: _lag(writer, reader, parts) for parts in sizes}
    parts = min(lags, key=lambda parts: (lags[parts] / parts, parts))
    wide, narrow = columns.size // parts, sweep.columns.size // parts
    preset, stop = writer.rows[0].start, writer.rows[-1].stop
    awaited = step * sweep.rows.size * parts
    signalled = (stop - preset) * parts
    ahead = (reader.first - preset - step) * parts + lags[parts] - 1
    ahead = max(ahead, signalled - awaited)
    sequence = sequences.new(writer.core, core_of(sweep), credit=max(0, -ahead))
    window = next(
        op
        for op in sweep.operations
        if isinstance(op, tile.WindowOp) and op.source == reader.map.result
    )
    if ahead > 0:
        insert(sweep, tile.AwaitOp(sequence, by=ahead), before=window)
    skipped = (step - 1) * parts
    if skipped:
        skip = tile.AwaitOp(sequence, every=sweep.columns.size, by=skipped)
        insert(sweep, skip, before=window)
    insert(sweep, tile.AwaitOp(sequence, every=narrow), before=window)
    for part in writer.sweeps:
        if part.columns.size == columns.size:
            insert(part, tile.SignalOp(sequence, every=wide, by=_rows_at_once(part)))
        else:
            by = parts * _rows_at_once(part)
            row = tile.SignalOp(sequence, every=part.columns.size, by=by)
            insert(part, row)
    surplus = awaited + max(0, ahead) - signalled
    if surplus:
        insert(writer.sweeps[-1], tile.SignalOp(sequence, by=surplus))


def _lag(writer: Writer, reader: Reader, parts: int) -> int:
    """How many parts of a row, of so many, a reader is behind the writer at least."""
    wide = writer.columns.size // parts
    narrow = reader.sweep.columns.size // parts
    last = (
        reader.first_column + (narrow * (part + 1) - 1) * reader.column_step
        for part in range(parts)
    )
    return max(
        -(-min(max(column - writer.columns.start, 0), writer.columns.size) // wide)
        - part
        for part, column in enumerate(last)
    )


def _parts(wide: int, narrow: int, group: int) -> set[int]:
    """Numbers of equal parts of two rows, of ``group`` positions at least.

    A row is halved as often as possible, then cut in three, and so on, so that of any
    two ways to cut it one refines the other: the loops of a sweep nest.
    """
    both = _refinements(wide) & _refinements(narrow)
    return {n for n in both if n == 1 or min(wide, narrow) // n >= group}


def _refinements(size: int) -> set[int]:
    """Numbers of equal parts, each a multiple of those before it."""
    found, parts, factor = {1}, 1, 2
    while parts < size:
        while size // parts % factor:
            factor += 1
        parts *= factor
        found.add(parts)
    return found


def release_rows(
    sequences: Sequences,
    writer: Writer,
    reader: Reader,
    end: tile.SweepOp,
    together: int,
) -> None:
    """Let ``writer`` write a row into a ring when the row in its place has been read.

    ``end`` finishes what ``reader`` has begun to compute, and so has all its windows
    behind it; it signals so for ``together`` of its rows at once, if they divide all.
    As above, both sides count the same number in all.
    """
    row, rows = end.columns.size, end.rows.size
    signalled, awaited = reader.step * rows, writer.rows[-1].stop
    surplus = max(0, signalled - awaited)
    credit = writer.map.rows + reader.kept + surplus
    first, *_ = writer.sweeps
    sequence = sequences.new(core_of(end), core_of(first), credit)
    if surplus:
        stored = first_of(first, tile.StoreOp)
        insert(first, tile.AwaitOp(sequence, by=surplus), before=stored)
    for part in writer.sweeps:
        stored = first_of(part, tile.StoreOp)
        free = tile.AwaitOp(sequence, every=part.columns.size, by=_rows_at_once(part))
        insert(part, free, before=stored)
    some = together if rows % together == 0 else 1
    insert(end, tile.SignalOp(sequence, every=some * row, by=some * reader.step))
    if awaited > signalled:
        insert(end, tile.SignalOp(sequence, by=awaited - signalled))


def _rows_at_once(part: tile.SweepOp) -> int:
    """Rows of the map that a row of a sweep writes."""
    store = first_of(part, tile.StoreOp)
    assert isinstance(store, tile.StoreOp)
    return store.stride[0]


def release_images(sequences: Sequences, writer: Writer, end: tile.SweepOp) -> None:
    """Let ``writer`` begin an image in a map when what is in its place has been read.

    The map holds whole images. ``end`` is the last sweep of its core that reads one, or
    finishes what others have begun to compute from it.
    """
    credit = writer.map.rows // writer.map.whole
    first, *_ = writer.sweeps
    sequence = sequences.new(core_of(end), core_of(first), credit)
    insert(first, tile.AwaitOp(sequence), before=first_of(first, tile.StoreOp))
    insert(end, tile.SignalOp(sequence))
