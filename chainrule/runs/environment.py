"""What a run's numbers can depend on, as an allow-list: nothing about the user, the paths or the network."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from typing import Any

import numpy as np

import chainrule

LIBRARIES = ("numpy", "safetensors", "cyclopts", "rich", "tomli-w", "threadpoolctl")


def environment() -> dict[str, Any]:
    """Versions, processor architecture, BLAS and its threads."""
    return {
        "chainrule": chainrule.__version__,
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "system": platform.system(),
        "machine": platform.machine(),
        "cpus": os.cpu_count(),
        "libraries": {name: version for name in LIBRARIES if (version := _version(name))},
        "blas": _blas(),
    }


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _blas() -> list[dict[str, Any]]:
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return []
    np.ones((2, 2)) @ np.ones((2, 2))  # makes sure that BLAS is loaded
    kept = ("user_api", "internal_api", "version", "num_threads", "threading_layer", "architecture")
    return [{key: info[key] for key in kept if key in info} for info in threadpool_info()]
