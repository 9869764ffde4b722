"""Pipelines as text, with some passes left out."""

import re


def without(pipeline: str, name: str) -> str:
    """The pipeline without the pass of that name, whatever its options."""
    return re.sub(rf"(^|,){name}(\{{[^}}]*\}})?", "", pipeline).lstrip(",")
