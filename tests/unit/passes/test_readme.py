"""``passes/README.md`` lists the passes and their options."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from cimc import passes
from cimc.passes import PASSES

README = (Path(passes.__file__).parent / "README.md").read_text(encoding="utf-8")
LISTED, EXPLAINED = README.split("What the options say")


def rows(text: str) -> list[list[str]]:
    """The cells of all rows of tables, but for lines between head and body."""
    lines = [line for line in text.splitlines() if re.match(r"\| `", line)]
    return [line.strip("|").split("|") for line in lines]


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def options_of(name: str) -> list[str]:
    return [field.name for field in fields(PASSES[name]())]  # pyright: ignore


def test_every_pass_is_listed_once():
    listed = [name for row in rows(LISTED) for name in names(row[0])]
    assert sorted(listed) == sorted(PASSES)


@pytest.mark.parametrize(("name", "options"), [row[:2] for row in rows(LISTED)])
def test_options_of_a_pass_are_listed(name: str, options: str):
    [name] = names(name)
    assert names(options) == options_of(name)


def test_every_option_is_explained_once():
    explained = [name for row in rows(EXPLAINED) for name in names(row[0])]
    assert sorted(explained) == sorted({o for name in PASSES for o in options_of(name)})
