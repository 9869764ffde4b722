"""Metrics as a person reads them, of whatever a target counts.

A target says what it counts by the form of its metrics: each entry at the top that
holds exactly ``used`` and ``available`` is a resource of the chip. ``shifts`` with
``total`` and ``bound``, ``area_mm2`` with ``total``, ``memory_bytes`` by kind of
content, ``host_traffic``, and ``phases`` with what ``programming`` takes are shown
where they are there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

__all__ = [
    "area",
    "bound",
    "energy",
    "host",
    "images",
    "memory",
    "number",
    "phases",
    "resources",
    "shifts",
    "throughput",
    "throughput_bound",
    "time",
]

Metrics = Mapping[str, Any]

_ENERGY = ("pJ", "nJ", "uJ", "mJ", "J")
_BYTES = ("B", "kB", "MB", "GB")


def number(value: float) -> str:
    """A whole number with its thousands apart."""
    return f"{value:,.0f}".replace(",", " ")


def images(count: int) -> str:
    """So many images, or one."""
    return f"{number(count)} image{'s' * (count != 1)}"


def resources(metrics: Metrics) -> dict[str, str]:
    """How much of what the program takes: ``{"crossbars": "9 of 1 024"}``."""
    found: dict[str, str] = {}
    for name, entry in metrics.items():
        if isinstance(entry, Mapping):
            counts = cast(Mapping[str, Any], entry)
            if set(counts) == {"used", "available"}:
                used, available = number(counts["used"]), number(counts["available"])
                found[name.replace("_", " ")] = f"{used} of {available}"
    return found


def size(value: float) -> str:
    """Bytes, such as ``61.7 kB``."""
    return _scaled(value, ("B", "kB", "MB", "GB"))


def memory(metrics: Metrics) -> dict[str, str]:
    """Bytes by what they hold: ``{"memory for weights": "61.7 kB"}``."""
    return {
        f"memory for {name.replace('_', ' ')}": size(value)
        for name, value in metrics.get("memory_bytes", {}).items()
    }


def shifts(metrics: Metrics) -> str | None:
    """Shifts of one image, beside the least that would do."""
    counts = metrics.get("shifts", {})
    if not {"total", "bound"} <= counts.keys():
        return None
    total, bound = counts["total"], counts["bound"]
    ratio = f", x{total / bound:.2f}" if bound else ""
    return f"{number(total)} (bound {number(bound)}{ratio})"


def bound(metrics: Metrics) -> str | None:
    """The fewest cycles that the mapping allows, and how near the program comes."""
    return _bound(metrics.get("bound"), metrics.get("cycles"))


def throughput(metrics: Metrics) -> str | None:
    """How fast images follow each other in a batch."""
    entry = metrics.get("throughput")
    if entry is None:
        return None
    cycles, rate = number(entry["cycles_per_image"]), number(entry["images_per_s"])
    return f"{cycles} cycles per image ({rate} images/s)"


def throughput_bound(metrics: Metrics) -> str | None:
    """The fewest cycles from image to image, and how near a batch comes."""
    reached = metrics.get("throughput", {}).get("cycles_per_image")
    return _bound(metrics.get("throughput_bound"), reached)


def phases(metrics: Metrics) -> str | None:
    """How often the machine is programmed for one image, and what that takes."""
    if "phases" not in metrics:
        return None
    spent = metrics["programming"]
    endured = ""
    if "images_until_worn" in spent:
        endured = f"; cells endure {number(spent['images_until_worn'])} images"
    return (
        f"{number(len(metrics['phases']))}, programmed for every "
        f"{'batch' if 'batch' in metrics else 'image'} in "
        f"{time(spent)} with {_scaled(spent['energy_pj'], _ENERGY)} and "
        f"{number(spent['cell_writes'])} cell writes" + endured
    )


def host(metrics: Metrics) -> str | None:
    """What crosses the border between host and device for an image."""
    if "host_traffic" not in metrics:
        return None
    found = metrics["host_traffic"]
    return (
        f"{_scaled(found['bytes'], _BYTES)} per image in {number(found['cycles'])} "
        f"cycles with {_scaled(found['energy_pj'], _ENERGY)}"
    )


def area(metrics: Metrics) -> str | None:
    """Area of the chip."""
    total = metrics.get("area_mm2", {}).get("total")
    return None if total is None else f"{total:.3g} mm2"


def energy(metrics: Metrics) -> str | None:
    """Energy of one image."""
    total = metrics.get("energy_pj", {}).get("total")
    return None if total is None else _scaled(total, _ENERGY)


def time(metrics: Metrics) -> str | None:
    """Time of one image."""
    value = metrics.get("time_ns")
    return None if value is None else _scaled(value, ("ns", "us", "ms", "s"))


def _bound(entry: Metrics | None, reached: float | None) -> str | None:
    """A bound on cycles, what it comes from, and how near ``reached`` comes to it."""
    if entry is None:
        return None
    text = f"{number(entry['cycles'])} cycles, {entry['what']}"
    if reached is None or not entry["cycles"]:
        return text
    return f"{text}; x{reached / entry['cycles']:.3f}"


def _scaled(value: float, units: tuple[str, ...]) -> str:
    """A value in the unit (each 1000 times the one before) that keeps it short."""
    index = 0
    while value >= 1000 and index < len(units) - 1:
        value /= 1000
        index += 1
    return f"{value:.3g} {units[index]}" if value < 1000 else f"{value:.0f} {units[-1]}"
