"""Simulator of the multi-core RRAM machine: runs program bytes, bit-true and timed."""
