"""What the second machine keeps: bytes and who touched them, registers, addresses.

Written from the manual, byte by byte, without the engine's shared lists of reads.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from cimc.backends.rram.dialect import FeatureMapOp
from cimc.backends.rram.isa import NextOp, RingOp, SetOp, SlotOp, StepOp, WalkOp


class Trap(Exception):
    """What the simulator should say: code, message, and the other access, if any."""

    def __init__(
        self, code: str, message: str, other: tuple[int, int] | None = None
    ) -> None:
        super().__init__(code, message)
        self.code, self.message, self.other = code, message, other


@dataclass
class Address:
    """An address register."""

    value: int = 0
    ring: tuple[int, int] | None = None
    columns: int = 0
    column: int = 0
    step: int = 0
    jump: int = 0

    def execute(self, op: object, image: int) -> None:
        """Run an instruction that changes the register."""
        match op:
            case SetOp():
                self.value, self.ring = op.value, None
            case RingOp():
                self.value, self.ring = op.value, (op.base, op.size)
            case StepOp():
                self.value += op.by
            case SlotOp():
                self.value += image * op.pitch
            case WalkOp():
                self.columns, self.column = op.columns, op.column
                self.step, self.jump = op.step, op.jump
            case NextOp():
                last = self.column == self.columns - 1
                self.value += self.step + (self.jump if last else 0)
                self.column = 0 if last else self.column + 1
            case _:
                pass

    def place(self, offset: int, length: int) -> int:
        """Where in memory a segment lies."""
        unwrapped = self.value + offset
        if self.ring is None:
            return unwrapped
        base, size = self.ring
        start = base + (unwrapped - unwrapped // size * size)
        if start + length > base + size:
            raise Trap(
                "E041",
                f"bytes {start} to {start + length} cross the end of their ring",
            )
        return start


@dataclass(frozen=True)
class Made:
    """An access: by which core, in which of its epochs, at which instruction."""

    core: int
    epoch: int
    pc: int


HOST = Made(-1, 0, -1)


@dataclass
class Copy:
    """All that was ever stored to the maps in a ring."""

    values: list[int]
    writers: list[Made | None]


@dataclass
class Memory:
    """Shared memory; every byte knows its last write and all reads since."""

    values: list[int]
    written: list[Made | None]
    read: list[list[Made]] = field(default_factory=list[list[Made]])
    copies: dict[int, Copy] = field(default_factory=dict[int, Copy])

    def __post_init__(self) -> None:
        self.read = [[] for _ in self.values]

    def add_map(self, op: FeatureMapOp) -> None:
        """Keep a whole copy of a map in a ring."""
        copy = self.copies.setdefault(op.ring_base, Copy([], []))
        missing = op.stop - op.ring_base - len(copy.values)
        copy.values += [0] * missing
        copy.writers += [None] * missing

    def bounds(self, first: int, stop: int) -> None:
        """Trap outside memory."""
        if first < 0 or stop > len(self.values):
            raise Trap(
                "E041",
                f"bytes {first} to {stop} are outside the {len(self.values)} of memory",
            )

    def load(
        self,
        address: Address,
        offset: int,
        segments: tuple[int, int, int],
        me: Made,
        clock: dict[int, int],
    ) -> list[int]:
        """Bytes of (count, length, stride) segments, read by ``me``."""
        count, length, stride = segments
        if address.ring is None:
            starts = [address.value + offset + i * stride for i in range(count)]
            self.bounds(min(starts), max(starts) + length)
        values: list[int] = []
        for index in range(count):
            start = address.place(offset + index * stride, length)
            for at in range(start, start + length):
                writer = self.written[at]
                if writer is None:
                    raise Trap(
                        "E042",
                        f"reads byte {at} of shared memory, which nothing has written",
                    )
                if not before(writer, me, clock):
                    raise Trap("E043", _race("reads", at, "writer"), _place(writer))
                self.read[at].append(me)
                values.append(self.values[at])
        return values

    def store(
        self,
        address: Address,
        offset: int,
        values: list[int],
        me: Made,
        clock: dict[int, int],
    ) -> None:
        """Write bytes, as ``me``."""
        start, unwrapped = address.place(offset, len(values)), address.value + offset
        self.bounds(start, start + len(values))
        for at in range(start, start + len(values)):
            writer = self.written[at]
            if writer is not None and not before(writer, me, clock):
                raise Trap("E043", _race("overwrites", at, "writer"), _place(writer))
            for reader in reversed(self.read[at]):
                if not before(reader, me, clock):
                    message = _race("overwrites", at, "reader")
                    raise Trap("E043", message, _place(reader))
        for index, value in enumerate(values):
            self.values[start + index] = value
            self.written[start + index] = me
            self.read[start + index] = []
        copy = self.copies.get(address.ring[0]) if address.ring else None
        if copy is not None:
            for at, value in enumerate(values, unwrapped):
                if 0 <= at < len(copy.values):
                    copy.values[at], copy.writers[at] = value, me


def before(earlier: Made, later: Made, clock: dict[int, int]) -> bool:
    """Whether an access happened before one of a core with that vector clock."""
    return (
        earlier is HOST
        or earlier.core == later.core
        or clock.get(earlier.core, -1) >= earlier.epoch
    )


def _race(verb: str, at: int, other: str) -> str:
    return f"{verb} byte {at} of shared memory without waiting for its {other}"


def _place(made: Made) -> tuple[int, int]:
    return made.core, made.pc
