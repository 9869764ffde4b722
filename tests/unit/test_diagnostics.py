"""What an error carries, how it reads, and which exit code it has."""

import json

import pytest

import cimc
from cimc import CimcWarning, Diagnostic, DoesNotFitError, InputError, VerificationError


def test_one_fact_a_line() -> None:
    error = InputError(
        "E999", "is wrong", where="file", notes=("why", "more"), hints=("that",)
    )

    assert str(error) == "error[E999]: file: is wrong\n  why\n  more\n  try: that"


def test_without_a_place() -> None:
    assert str(InputError("E999", "is wrong")) == "error[E999]: is wrong"


def test_warnings_say_so() -> None:
    assert str(CimcWarning("W999", "look")) == "warning[W999]: look"


def test_json_holds_everything() -> None:
    diagnostic = Diagnostic("E999", "is wrong", "file", ("why",), ("that",))

    assert json.loads(json.dumps(diagnostic.as_json())) == {
        "code": "E999",
        "message": "is wrong",
        "where": "file",
        "notes": ["why"],
        "hints": ["that"],
    }


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (VerificationError, 1),
        (InputError, 2),
        (DoesNotFitError, 3),
        (cimc.CimcError, 70),
    ],
)
def test_exit_codes(kind: type[cimc.CimcError], code: int) -> None:
    assert kind.exit_code == code
    assert issubclass(kind, cimc.CimcError)
