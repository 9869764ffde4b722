"""Entry point: runs a command and turns whatever happens into an exit code."""

from __future__ import annotations

import atexit
import gc
import json
import logging
import os
import sys
import traceback
import warnings
from typing import TextIO

import typer

from cimc.cli.commands import app
from cimc.cli.console import console, show_diagnostic
from cimc.cli.explore import explore
from cimc.cli.robustness import robustness
from cimc.diagnostics import CimcError, CimcWarning, Diagnostic

__all__ = ["main"]

app.command()(explore)
app.command()(robustness)

_USAGE = 2
_FAULT = 70
_INTERRUPTED = 130


def main() -> None:
    """Run ``cimc`` with the arguments of the process and exit.

    0 done; 1 the result is wrong; 2 the input or the options are at fault; 3 it does
    not fit the chip; 70 a fault of cimc.
    """
    warnings.showwarning = _show_warning
    log = logging.getLogger("cimc")
    log.handlers = [_Terminal()]
    log.setLevel(logging.INFO)
    # At the end of the process Python need not look for dead cycles in IR.
    atexit.register(gc.freeze)
    sys.exit(_run(sys.argv[1:] or ["--help"]))


def _run(arguments: list[str]) -> int:
    command = typer.main.get_command(app)
    try:
        # The same as calling the command, whose own handling of errors has other exit
        # codes than ours.
        with command.make_context("cimc", arguments) as context:
            command.invoke(context)
        sys.stdout.flush()
    except typer.Exit as request:
        return request.exit_code
    except CimcError as error:
        _report(error.diagnostic)
        return error.exit_code
    except typer.TyperException as error:
        message = error.format_message()
        _report(
            Diagnostic("E004", message, hints=("cimc --help", "cimc COMMAND --help"))
        )
        return _USAGE
    except KeyboardInterrupt:
        console.print("interrupted", style="red")
        return _INTERRUPTED
    except BrokenPipeError:
        # The reader of a pipe (such as `head`) has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        traceback.print_exc()
        _report(
            Diagnostic(
                "E070",
                f"this is a fault of cimc: {error!r}",
                hints=("report it with the command, the model and the lines above",),
            )
        )
        return _FAULT
    return 0


def _report(diagnostic: Diagnostic) -> None:
    """Show an error; with ``--json`` also as the document on stdout."""
    show_diagnostic(diagnostic)
    if "--json" in sys.argv:
        sys.stdout.write(json.dumps({"error": diagnostic.as_json()}, indent=2) + "\n")


class _Terminal(logging.Handler):
    """Shows what cimc logs, such as that something will take a while."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print the message."""
        console.print(record.getMessage(), soft_wrap=True, markup=False)


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Show warnings of cimc to the user; those of libraries concern developers."""
    if isinstance(message, CimcWarning):
        show_diagnostic(message.diagnostic)
