"""What cells and converters of a crossbar do other than they should.

A weight of 8 bits is a differential pair of magnitudes, each cut into slices of
``cell_bits``: one cell per slice and sign, whose level is its conductance above the
lowest one. Levels go from 0 to M = 2^cell_bits - 1; variation and noise are fractions
of M. Inputs come in as digits of ``dac_bits``, with the sign of the activation.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from cimc.descriptions import Description, DescriptionFiles, Kind, Named
from cimc.isa.chip import Quantity

__all__ = ["NONIDEALITIES", "Cells", "Converter", "Nonidealities"]

Fraction = Annotated[float, Field(ge=0, le=1)]
Share = Quantity[Fraction, Literal["of all cells"]]
Spread = Quantity[Fraction, Literal["of the range of levels"]]
Exponent = Quantity[Fraction, Literal["exponent"]]
Ratio = Quantity[Annotated[float, Field(ge=1, le=1e18)], Literal["t / t0"]]


class Cells(Description):
    """Cells that hold other levels than were written, or give other currents."""

    programming: Spread
    """Standard deviation of a cell's level, drawn when it is programmed."""
    read_noise: Spread
    """Standard deviation of a cell's level from read to read."""
    stuck_low: Share
    """Cells that stay at level 0."""
    stuck_high: Share
    """Cells that stay at the highest level."""
    drift: Exponent
    """ν of the power law: levels are multiplied by (t / t0)^-ν."""
    drift_spread: Exponent
    """Standard deviation of ν from cell to cell."""
    age: Ratio
    """Time of the run since programming, over the time t0 at which levels are exact."""

    @model_validator(mode="after")
    def _at_most_all(self) -> Cells:
        if self.stuck_low.value + self.stuck_high.value > 1:
            raise ValueError("stuck_low and stuck_high are more than all cells")
        return self


class Converter(Description):
    """Analogue-digital converters, one conversion per bit line and digit of the input.

    An ``ideal`` one gives the sum of a column's currents; only the sum of all slices
    and digits is rounded to an integer then. A ``finite`` one has the chip's
    ``adc_bits``: it rounds to multiples of a step and clips. Its codes cover ``range``,
    a fraction of the largest current that a column of the crossbar can give, in steps
    of at least one level.
    """

    kind: Literal["ideal", "finite"]
    range: Annotated[float, Field(gt=0, le=1)] = 1.0


class Nonidealities(Named):
    """All non-idealities of an RRAM chip."""

    cells: Cells
    converter: Converter


NONIDEALITIES = DescriptionFiles(
    "cimc.backends.rram",
    "nonidealities",
    Nonidealities,
    Kind("description of non-idealities", "E027"),
)
