"""Multi-core RRAM: one program per core, synchronised by CALL and WAIT."""

from cimc.isa.package import package_target
from cimc.passes import lazy_pass

__all__ = ["TARGET"]

TARGET = package_target(
    "cimc.backends.rram",
    name="rram",
    summary="multi-core RRAM crossbars that accumulate in shared memory",
    default_chip="pelke-128",
    streams=True,
    repairs=("none", "remap", "compensate", "both"),
    passes={
        "convert-tile-to-rram": lazy_pass(
            "cimc.backends.rram.lowering.convert_tile_to_rram", "ConvertTileToRram"
        ),
        "verify-sync": lazy_pass("cimc.backends.rram.verify.verify_sync", "VerifySync"),
    },
)
