"""What is wrong with a pair of accesses, in words."""

from __future__ import annotations

from collections.abc import Iterator

from xdsl.dialects.builtin import ModuleOp

from cimc.backends.rram.dialect import FeatureMapOp
from cimc.backends.rram.verify import layout
from cimc.backends.rram.verify.problem import Problem
from cimc.backends.rram.verify.skeleton import Skeleton
from cimc.weights import Array

__all__ = ["Findings"]


class Findings:
    """Says where streams and pieces stand in the program, and what bytes hold."""

    def __init__(
        self, module: ModuleOp, skeleton: Skeleton, streams: Array, pieces: Array
    ) -> None:
        self._module, self._skeleton = module, skeleton
        self._streams, self._pieces = streams, pieces

    def problem(self, store: int, other: int, finding: Array) -> Problem:
        """The problem with a stream that stores and another one."""
        outcome, piece, piece_of_other, byte = (int(value) for value in finding)
        if outcome == layout.FAR_APART:
            one, two = (
                self._skeleton.where(int(self._streams[stream, layout.S_ROW]))
                for stream in (store, other)
            )
            why = "no chain of CALL and WAIT orders the two in images far apart"
            return Problem.beyond(why, two, (f"with {one}",))
        stores = self._streams[other, layout.S_STORES]
        one, two = self._where(store, piece), self._where(other, piece_of_other)
        if outcome == layout.EXHAUSTED:
            why = "there are too many segments to compare"
            return Problem.beyond(why, two, (f"with those of {one}",))
        verb = "overwrites" if stores else "reads"
        place = tuple(self._place(byte, self._streams[other], piece_of_other))
        if outcome == layout.UNORDERED:
            return Problem(
                "unordered",
                f"{verb} byte {byte} of shared memory, which another core writes, and "
                "no chain of CALL and WAIT orders the two",
                two,
                (f"written by {one}", *place),
            )
        return Problem(
            "wrong order",
            f"{verb} byte {byte} of shared memory in the wrong order: what the ring "
            "holds later is written before",
            two,
            (f"written by {one}", *place),
        )

    def not_written(self, stream: int, piece: int) -> Problem:
        """A LOAD for which nobody has certainly written what it reads."""
        why = "what it reads may not be written yet"
        return Problem.beyond(why, self._where(stream, piece))

    def _where(self, stream: int, piece: int) -> str:
        """An instruction, and which of its executions are meant."""
        first = self._streams[stream, layout.S_FIRST]
        before = int(self._pieces[first:piece, layout.P_TIMES].sum())
        times = int(self._pieces[piece, layout.P_TIMES])
        some = f"execution {before + 1}"
        if times > 1:
            some = f"executions {before + 1} to {before + times}"
        row = int(self._streams[stream, layout.S_ROW])
        return f"{self._skeleton.where(row)} ({some})"

    def _place(self, byte: int, stream: Array, piece: int) -> Iterator[str]:
        """The element of a feature map that a byte holds when a piece takes it."""
        base, size = int(stream[layout.S_BASE]), int(stream[layout.S_SIZE])
        if size:
            low = base + int(self._pieces[piece, layout.P_LOW])
            byte = low + (byte - low) % size
        for op in self._module.ops:
            if not isinstance(op, FeatureMapOp) or op.ring_size != size:
                continue
            if size and op.ring_base != base:
                continue
            for image in range(op.batch):
                start = op.address + op.shift(image)
                row, rest = divmod(byte - start, op.row_stride or op.stop)
                column, channel = divmod(rest, op.column_stride or op.stop)
                if 0 <= row < op.height and column < op.width and channel < op.channels:
                    yield (
                        f"row {row}, column {column}, channel {channel} of feature map "
                        f"{op.tensor!r}" + (f", image {image}" if image else "")
                    )
