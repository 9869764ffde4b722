"""Small networks of single-column maps on the tile level, drawn row by row."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import strategies as st
from xdsl.dialects.builtin import i8
from xdsl.ir import SSAValue

from cimc.dialects import tile
from cimc.dialects.cim import Range, Window
from cimc.passes.tile.borders import halo_of


@dataclass(eq=False)
class Rows:
    """A map of ``height`` rows that reads others through windows, on one core."""

    height: int
    core: int
    reads: list[tuple[Rows, Window]] = field(default_factory=list)
    users: list[Window] = field(default_factory=list)
    value: SSAValue | None = None

    @property
    def halo(self) -> tuple[int, int]:
        """Rows of halo above and below."""
        top, _, bottom, _ = halo_of(self.height, 1, self.users)
        return top, bottom

    @property
    def total(self) -> int:
        """Rows, those of the halo included."""
        top, bottom = self.halo
        return top + self.height + bottom

    def rows_read(self, row: int, source: Rows, window: Window) -> list[int]:
        """Padded rows of a source that a row depends on."""
        first = row * window.stride[0] - window.pad[0] + source.halo[0]
        return [first + tap * window.dilation[0] for tap in range(window.kernel[0])]


@dataclass
class RowNetwork:
    """Maps in program order; the first is the input."""

    maps: list[Rows]

    def sweeps(self) -> list[tile.SweepOp]:
        """The sweeps that compute all maps but the input."""
        sweeps = []
        for number, map_ in enumerate(self.maps):
            top, bottom = map_.halo
            type_ = tile.FeatureMapType.of((map_.height, 1, 1), i8, (top, 0, bottom, 0))
            op = tile.FeatureMapOp(f"m{number}", "l", "intermediate", type_)
            map_.value = op.result
            if map_.reads:
                body = [tile.WindowOp(s.value, window) for s, window in map_.reads]
                store = tile.StoreOp(body[0].result, op.result, Range.of(0, 1))
                rows, columns = Range.of(0, map_.height), Range.of(0, 1)
                sweeps.append(
                    tile.SweepOp("l", rows, columns, [*body, store], map_.core)
                )
        return sweeps


@st.composite
def row_networks(draw: st.DrawFn, *, chain: bool = False) -> RowNetwork:
    """A network of up to 7 maps; in a ``chain`` each reads the one before.

    Some maps add up two of equal height, and some share a core.
    """
    maps = [Rows(draw(st.integers(1, 12)), -1)]
    for number in range(draw(st.integers(1, 6))):
        source = maps[-1] if chain else draw(st.sampled_from(maps))
        kernel, dilation = draw(st.integers(1, 4)), draw(st.integers(1, 2))
        stride = draw(st.integers(1, 3))
        before, after = (draw(st.integers(0, kernel - 1)) for _ in range(2))
        window = Window.of(
            (kernel, 1), (stride, 1), (dilation, 1), (before, 0, after, 0)
        )
        height, _ = window.output_size(source.height, 1)
        if height < 1:
            continue
        core = number if chain or draw(st.integers(0, 3)) else draw(st.integers(0, 3))
        map_ = Rows(height, core, [(source, window)])
        source.users.append(window)
        others = [
            other for other in maps if other.height == height and other is not source
        ]
        if others and not chain and draw(st.booleans()):
            other, same = draw(st.sampled_from(others)), Window.of((1, 1))
            map_.reads.append((other, same))
            other.users.append(same)
        maps.append(map_)
    return RowNetwork(maps)
