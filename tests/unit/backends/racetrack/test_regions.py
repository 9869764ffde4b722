"""Windows in pieces that fit a line buffer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cimc.backends.racetrack.regions import Region, Strip, pieces_of
from cimc.dialects import tile
from cimc.dialects.cim import Range, Window
from xdsl.dialects.test import TestOp


def region(rows: int, columns: int, channels: int, dilation: int = 1) -> Region:
    type_ = tile.FeatureMapType.of((9, 9, channels + 2), tile.i8, 0)
    window = Window.of((rows + 1, columns + 1), dilation=(1, dilation))
    taps = Range.of(1, rows + 1), Range.of(1, columns + 1)
    source = TestOp(result_types=[type_]).results[0]
    return Region(source, window, *taps, Range.of(2, channels + 2))
