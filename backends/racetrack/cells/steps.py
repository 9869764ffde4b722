"""What a cell did, in elementary steps; a chip gives each kind its time and energy."""

from __future__ import annotations

import operator
from dataclasses import astuple, dataclass, fields

__all__ = ["Steps"]


@dataclass(frozen=True)
class Steps:
    """Elementary steps of one lane; ``a + b`` and ``a * 3`` are sequences of steps.

    Reading, writing and shifting domains are the operations of any racetrack memory;
    the transverse ones are those of Ollivier et al. (see ``transverse.py``). That one
    ``sense`` takes a whole column, and what counts as one ``gate``, is ours.
    """

    #: A column sensed: the bits under the ports of the lane's tracks, all at once.
    sense: int = 0
    #: One evaluation in CMOS: a full adder, a Booth recoder or a decoder of levels.
    gate: int = 0
    #: A bit written to the domain under a port.
    write: int = 0
    #: The cell's working tracks shifted together by one domain.
    shift: int = 0
    #: The ones counted among the domains between two ports.
    transverse_read: int = 0
    #: A bit pushed in between two ports; the one at the far end is lost.
    transverse_write: int = 0

    def __add__(self, other: Steps) -> Steps:
        return Steps(*map(operator.add, astuple(self), astuple(other)))

    def __mul__(self, times: int) -> Steps:
        return Steps(*(times * count for count in astuple(self)))

    __rmul__ = __mul__

    def as_dict(self) -> dict[str, int]:
        """The counts by the name of their kind, in the order of the fields."""
        return {field.name: getattr(self, field.name) for field in fields(self)}
