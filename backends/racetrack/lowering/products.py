"""One pass over the weights of a block: shifts between products at the ports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from cimc.backends.racetrack.isa import MacOp, ShiftOp
from cimc.backends.racetrack.lowering.addresses import ZERO, Addresses
from cimc.backends.racetrack.lowering.code import Body, Code, plain, roll
from cimc.backends.racetrack.lowering.offsets import Offsets
from cimc.backends.racetrack.lowering.shifts import shifts
from cimc.backends.racetrack.machine import RacetrackMachine

__all__ = ["Block", "Pass", "multiply"]

_DOMAIN, _INDEX = "weight domain", "activation"


@dataclass(frozen=True)
class Block:
    """A block of weights in an array: ``order[d]`` is the row in domain d, or < 0."""

    array: tuple[int, int]
    """Bank and number of the array in it."""
    order: tuple[int, ...]
    columns: int
    lanewise: bool
    """Whether every lane has an activation of its own."""

    @property
    def rows(self) -> int:
        """Rows that are stored."""
        return sum(row >= 0 for row in self.order)

    def scan(self, machine: RacetrackMachine) -> list[int]:
        """Offsets at which a port stands over a stored row, ascending."""
        segment = machine.segment
        return sorted({d % segment for d, row in enumerate(self.order) if row >= 0})


class Pass(NamedTuple):
    """The code of a pass, and the offset at which it leaves the array."""

    code: list[Code]
    offset: int


def multiply(
    block: Block,
    source: int,
    unsigned: bool,
    machine: RacetrackMachine,
    now: int,
    addresses: Addresses,
) -> Pass:
    """Multiply all rows of ``block`` with the vector in register ``source``.

    A pass begins at the end of the rows at which the array stands (at offset ``now``),
    so that passes in opposite directions follow each other without a step between.
    """
    scan = block.scan(machine)
    if not scan:
        return Pass([], now)
    offsets = Offsets(machine)
    offsets[block.array] = now
    if abs(now - scan[-1]) < abs(now - scan[0]):
        scan.reverse()
    pitch = block.columns if block.lanewise else 1
    per_offset = machine.ports * pitch
    code: list[Code] = [
        addresses.set(_DOMAIN, scan[0]),
        addresses.set(_INDEX, scan[0] * per_offset),
    ]
    bodies: list[Body] = []
    for at, offset in enumerate(scan):
        body: list[Code] = []
        if at:
            body += addresses.step(_DOMAIN, offset)
            body += addresses.step(_INDEX, offset * per_offset)
        for first, count in _runs(block.order, offset, machine):
            domain = first * machine.segment
            steps = offsets.reach(block.array, domain + offset, count)
            body += _shift(block, steps, machine)
            row = block.order[domain + offset]
            body.append(
                plain(
                    MacOp,
                    w=block.array[1],
                    base=ZERO,
                    domain=domain,
                    at=addresses.register(_DOMAIN),
                    count=count,
                    vs=source,
                    index=addresses.register(_INDEX),
                    source=row * pitch - offset * per_offset,
                    n=block.columns,
                    unsigned=unsigned,
                    lanewise=block.lanewise,
                )
            )
            if machine.port_update == "eager":
                body += _shift(block, offsets.go_home(block.array), machine)
        bodies.append(tuple(body))
    return Pass(code + roll(bodies, longest=4), offsets[block.array])


def _shift(block: Block, steps: int, machine: RacetrackMachine) -> list[Code]:
    return shifts(ShiftOp, steps, machine, w=block.array[1], base=ZERO)


def _runs(
    order: Sequence[int], offset: int, machine: RacetrackMachine
) -> list[tuple[int, int]]:
    """(first port, count) of neighbouring ports that stand over consecutive rows."""
    runs: list[tuple[int, int]] = []
    for port in range(machine.ports):
        row = order[port * machine.segment + offset]
        if row < 0:
            continue
        if runs:
            first, count = runs[-1]
            begun = order[first * machine.segment + offset]
            if first + count == port and begun + count == row:
                runs[-1] = (first, count + 1)
                continue
        runs.append((port, 1))
    return runs
