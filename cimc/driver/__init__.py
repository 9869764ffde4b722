"""The driver: compile, save and load, run, verify, check."""

from cimc.driver.artifact import Artifact, check_destination, load
from cimc.driver.check import FitReport, check_model
from cimc.driver.comparison import (
    Outcome,
    Watch,
    compare_machines,
    destinations,
    exit_code_of,
)
from cimc.driver.compilation import Compilation, compile_model, default_pipeline
from cimc.driver.execution import Execution, execute_images
from cimc.driver.inputs import (
    Images,
    ImageSource,
    load_images,
    named_samples,
    random_images,
)
from cimc.driver.levels import text_of
from cimc.driver.machines import Machine, find_chip, load_machines
from cimc.driver.passes import Observer, parse_passes, run_passes
from cimc.driver.session import Session
from cimc.driver.verification import Verified

__all__ = [
    "Artifact",
    "Compilation",
    "Execution",
    "FitReport",
    "ImageSource",
    "Images",
    "Machine",
    "Observer",
    "Outcome",
    "Session",
    "Verified",
    "Watch",
    "check_destination",
    "check_model",
    "compare_machines",
    "compile_model",
    "default_pipeline",
    "destinations",
    "execute_images",
    "exit_code_of",
    "find_chip",
    "load",
    "load_images",
    "load_machines",
    "named_samples",
    "parse_passes",
    "random_images",
    "run_passes",
    "text_of",
]
