"""Racetrack memory: banks that multiply beside the tracks that hold the weights."""

from cimc.isa.package import package_target
from cimc.passes import lazy_pass

__all__ = ["TARGET"]

_PASSES = "cimc.backends.racetrack.passes"
_LOWERING = "cimc.backends.racetrack.lowering.convert_tile_to_racetrack"

TARGET = package_target(
    "cimc.backends.racetrack",
    name="racetrack",
    summary="banks of racetrack memory that multiply beside their tracks",
    default_chip="mu-64",
    passes={
        "order-domains": lazy_pass(f"{_PASSES}.order_domains", "OrderDomains"),
        "allocate-map-arrays": lazy_pass(
            f"{_PASSES}.allocate_map_arrays", "AllocateMapArrays"
        ),
        "convert-tile-to-racetrack": lazy_pass(_LOWERING, "ConvertTileToRacetrack"),
    },
    simulators={
        "lane": ("simulator.simulator", "Simulator"),
        "domain": ("simulator.domains", "DomainSimulator"),
    },
)
