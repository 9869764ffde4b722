"""``stream-images``: let the images of a batch follow each other through the layers."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException

from cimc.dialects import tile
from cimc.dialects.tile.memory import integer
from cimc.passes.tile.dependences import chains_of
from cimc.passes.tile.phases import handed_over, phases_of

__all__ = ["StreamImages"]

#: Images that a buffer which is not a ring yet holds: one is written while another
#: one is read.
_HELD = 2


@dataclass(frozen=True)
class StreamImages(ModulePass):
    """Make buffers for a batch of ``images``, of which each core begins the next one
    when it is through with one.

    The host writes all inputs before a batch and reads all outputs behind it, so these
    have a place for every image, and so has what one phase hands over to another. In
    all other buffers the images follow each other, through rings as they are. What was
    whole becomes a ring of two images.
    """

    name = "stream-images"

    images: int

    def __post_init__(self) -> None:
        if self.images < 1:
            raise ValueError("images must be at least 1")

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Set ``images`` of all buffers, and ``ring`` of those between cores."""
        operations = list(op.body.block.ops)
        if any(isinstance(old, tile.SequenceOp) for old in operations):
            raise PassFailedException(
                "the module has sequences already: stream-images comes before "
                "insert-sync"
            )
        if self.images == 1:
            return
        phases = phases_of(op)
        kept = handed_over(phases)
        for map_ in operations:
            if isinstance(map_, tile.FeatureMapOp):
                apart = map_.role.data != "intermediate" or map_.result in kept
                self._stream(map_, None if apart else map_.rows_per_image)
        sweeps = [sweep for members in phases for sweep in members]
        for sums, chain in chains_of(sweeps).items():
            assert isinstance(sums.owner, tile.PartialSumsOp)
            self._stream(sums.owner, None if sums in kept else chain[0].positions)

    def _stream(
        self, buffer: tile.FeatureMapOp | tile.PartialSumsOp, size: int | None
    ) -> None:
        """Let images follow each other; in a ring one has ``size`` rows or vectors."""
        buffer.properties["images"] = integer(self.images)
        if buffer.ring is None and size is not None and self.images > _HELD:
            buffer.properties["ring"] = integer(_HELD * size)
