"""RRAM's own part of the tables; the rest is in :mod:`cimc.simulation.layout`."""

from __future__ import annotations

from cimc.simulation.layout import OWN, OWN_TRAP, OWN_UNIT

LOAD, STORE, MVM = range(OWN, OWN + 3)

# Crossbar i is unit CROSSBAR + i.
LSU, CROSSBAR = range(OWN_UNIT, OWN_UNIT + 2)

# A vector register: value ready, last read over, unit that wrote it.
V_READY, V_READ, V_WRITER = range(3)
VECTOR_COLUMNS = 3

# Causes of stalls.
S_HAZARD, S_WAIT, S_BUS, S_LSU, S_VECTOR, S_CROSSBAR = range(6)
STALLS = ("hazard", "wait", "bus", "lsu", "vector", "crossbar")

ADDRESS, UNINITIALISED_BYTE, READ_RACE, WRITE_RACE, REUSE_RACE = range(
    OWN_TRAP, OWN_TRAP + 5
)
