"""``stream-images``: let the images of a batch follow each other through the layers."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException

from cimc.dialects import tile
from cimc.dialects.tile.memory import integer

__all__ = ["StreamImages"]

#: Images that a buffer which is not a ring yet holds: one is written while another
#: one is read.
_HELD = 2


@dataclass(frozen=True)
class StreamImages(ModulePass):
    """Make buffers for a batch of ``images``, of which each core begins the next one
    when it is through with one.

    The host writes all inputs before a batch and reads all outputs behind it, so these
    have a place for every image. In all other buffers the images follow each other,
    through rings as they are. What was whole becomes a ring of two images.
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
        for buffer in operations:
            if not isinstance(buffer, tile.FeatureMapOp | tile.PartialSumsOp):
                continue
            buffer.properties["images"] = integer(self.images)
            of_host = (
                isinstance(buffer, tile.FeatureMapOp)
                and buffer.role.data != "intermediate"
            )
            if buffer.ring is None and not of_host and self.images > _HELD:
                buffer.properties["ring"] = integer(_HELD * buffer.whole)
