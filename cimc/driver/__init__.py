"""The driver: compile, save and load, run, verify, check."""

from cimc.driver.artifact import Artifact, load
from cimc.driver.check import FitReport, check_model
from cimc.driver.compilation import compile_model
from cimc.driver.passes import parse_passes, run_passes
from cimc.driver.session import Session
from cimc.driver.verification import Verified, verify

__all__ = [
    "Artifact",
    "FitReport",
    "Session",
    "Verified",
    "check_model",
    "compile_model",
    "load",
    "parse_passes",
    "run_passes",
    "verify",
]
