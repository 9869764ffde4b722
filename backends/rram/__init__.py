"""Multi-core RRAM: one program per core, synchronised by CALL and WAIT."""
