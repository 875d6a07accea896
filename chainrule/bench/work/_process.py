"""Python in a process of its own, which says what it found as JSON in the last line of its output."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any

from chainrule.core.errors import ChainruleError

PATIENCE = 600.0  # seconds


def python(*words: str, environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What ``python *words`` prints, and the seconds from its start to its end as ``process``."""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
        env={**os.environ, **(environment or {})},
    )
    seconds = time.perf_counter() - start
    if done.returncode != 0:
        last = done.stderr.strip().splitlines()[-1:] or ["no message"]
        raise ChainruleError(
            f"python {words[0]} {words[1]:.60} failed with exit code {done.returncode}: {last[0]:.200}"
        )
    return {**json.loads(done.stdout.strip().splitlines()[-1]), "process": seconds}
