"""Machines: a target with one of its chips, found by what the user calls them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from cimc.diagnostics import InputError
from cimc.target import Chip, Target, get_target, target_names

__all__ = ["Machine", "find_chip", "load_machine", "load_machines"]


@dataclass(frozen=True)
class Machine:
    """What a model is compiled for."""

    target: Target
    chip: Chip

    @property
    def folder(self) -> str:
        """Name of the folder for what belongs to this machine, such as its artifact."""
        return re.sub(r"[^\w.+-]", "_", f"{self.target.name}-{self.chip.name}")[:100]


def load_machine(target: str, chip: str | None) -> Machine:
    """The machine with that chip, by default the target's own.

    Raises:
        InputError: the target (E001) or the chip is at fault.
    """
    backend = get_target(target)
    return Machine(backend, backend.load_chip(chip or backend.default_chip))


def load_machines(pairs: Iterable[tuple[str, str | None]]) -> list[Machine]:
    """Several machines from their targets and chips, no two of the same name.

    Raises:
        InputError: a target (E001) or a chip is at fault, or two cannot be told
            apart (E005).
    """
    machines: dict[str, Machine] = {}
    for target, chip in pairs:
        machine = load_machine(target, chip)
        if machine.folder in machines:
            raise InputError(
                "E005",
                f"two machines are called {machine.folder}",
                where="--chip",
                hints=("give each chip once, and each chip file a name of its own",),
            )
        machines[machine.folder] = machine
    return list(machines.values())


def find_chip(name: str, target: str | None = None) -> Chip:
    """The preset of that name, of whichever target has it, or the chip in a YAML file.

    A file is read as a chip of ``target``, by default of the target ``rram``.

    Raises:
        InputError: there is no such preset or file, the description is unfit, or
            several targets have the preset (E021).
    """
    if target is not None:
        return get_target(target).load_chip(name)
    presets = {known: get_target(known).chip_names() for known in target_names()}
    having = [known for known, names in presets.items() if name in names]
    if len(having) > 1:
        raise InputError(
            "E021",
            f"several targets have a chip {name!r}",
            hints=tuple(f"--target {known}" for known in having),
        )
    if not having and not name.endswith((".yaml", ".yml")):
        raise InputError(
            "E021",
            f"unknown chip {name!r}",
            notes=tuple(f"{key}: {', '.join(names)}" for key, names in presets.items()),
            hints=("one of these, or the path of a .yaml file",),
        )
    return get_target(having[0] if having else "rram").load_chip(name)
