"""The pictures of the studies, one file each, by the study's name."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any


def draw(study: str, drawing: Mapping[str, Any]) -> Any:
    """The figure of a study's finding: the function called like the study, in the file called like it."""
    return getattr(importlib.import_module(f"{__name__}.{study}"), study)(**drawing)
