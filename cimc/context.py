"""The context of one compilation: registered dialects and its constants."""

from __future__ import annotations

from dataclasses import dataclass, field

from xdsl.context import Context
from xdsl.dialects.builtin import Builtin
from xdsl.ir import Dialect

from cimc.dialects import DIALECTS
from cimc.weights import WeightStore

__all__ = ["CompilationContext", "weights_of"]


@dataclass
class CompilationContext(Context):
    """An xDSL context that knows cimc's dialects and owns the weight store."""

    weights: WeightStore = field(default_factory=WeightStore)

    def __post_init__(self) -> None:
        self.load_dialect(Builtin)
        for name, factory in DIALECTS.items():
            self.register_dialect(name, factory)

    def add_dialect(self, dialect: Dialect) -> None:
        """Register a backend's dialect, unless it is known already."""
        if dialect.name not in set(self.registered_dialect_names):
            self.register_dialect(dialect.name, lambda: dialect)


def weights_of(context: Context) -> WeightStore:
    """The weight store of the compilation that ``context`` belongs to."""
    assert isinstance(context, CompilationContext), "passes run in a compilation"
    return context.weights
