"""The context of one compilation: registered dialects and its constants."""

from __future__ import annotations

from dataclasses import dataclass, field

from xdsl.context import Context
from xdsl.dialects.builtin import Builtin
from xdsl.ir import Dialect

from cimc.dialects import DIALECTS
from cimc.weights import WeightStore

__all__ = ["CompilationContext", "record_gap", "weights_of"]


@dataclass
class CompilationContext(Context):
    """An xDSL context that knows cimc's dialects and owns the weight store.

    ``gaps`` says by pass how far what a solver found may be from the best there is,
    as a part of it.
    """

    weights: WeightStore = field(default_factory=WeightStore)
    gaps: dict[str, float] = field(default_factory=dict[str, float])

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


def record_gap(context: Context, name: str, gap: float) -> None:
    """Note the optimality gap of what the pass ``name`` has solved."""
    if isinstance(context, CompilationContext):
        context.gaps[name] = gap
