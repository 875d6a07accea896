"""The doctor: why a training fails, with evidence and a proved remedy."""

from __future__ import annotations

import importlib
from typing import Any

_FACE = {
    "Recorder": "recorder",
    "diagnose": "doctor",
    "watch": "watching",
    "compare": "drift",
    "summarize": "drift",
    "DriftReport": "drift",
    "Report": "report",
    "Finding": "finding",
    "RULES": "rules",
}

__all__ = list(_FACE)


def __getattr__(name: str) -> Any:
    if name not in _FACE:
        raise AttributeError(f"chainrule.diagnosis has no {name!r}")
    return getattr(importlib.import_module(f"chainrule.diagnosis.{_FACE[name]}"), name)
