"""What simulators of instruction sets share: units in order, counts, vectors, traps.

A machine adds its memory and its timing: an engine that calls these compiled parts.
"""
