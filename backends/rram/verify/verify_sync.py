"""``verify-sync``: prove that a program does the same for every timing."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from cimc.backends.rram.verify.proof import prove

__all__ = ["VerifySync"]


@dataclass(frozen=True)
class VerifySync(ModulePass):
    """Prove that no core waits for ever and that all accesses to memory are ordered.

    The module stays as it is. What is proven, and how, is in the manual of the ISA
    (README.md of the backend).
    """

    name = "verify-sync"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Verify the programs of all cores.

        Raises:
            CimcError: something is wrong, or cannot be proven (E077).
        """
        problem = prove(op)
        if problem is not None:
            raise problem.error()
