"""Exploration: hardware and CNN together, for accuracy, energy, latency and area."""
