"""What a training is, so that a checkpoint of another one is refused: its settings, its data, and the machine."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

import chainrule
from chainrule.core.errors import SettingError
from chainrule.core.settings import show
from chainrule.network import Network

MOST = 4  # settings that an error shows


def described(thing: Any) -> str:
    """Its class and settings; equal in every process for equal things, as their ``repr`` is."""
    text = repr(thing)
    return type(thing).__qualname__ if " at 0x" in text else text


def listed(things: Iterable[Any]) -> list[str]:
    return [described(thing) for thing in things]


def of_network(network: Network) -> dict[str, Any]:
    """Its modules and numbers; what stands before and behind them only as a digest, as it may be long."""
    ends = "\n".join(listed([network.preprocessing, network.target]))
    return {
        "network": listed(network.modules),
        "dtype": network.dtype.name,
        "preprocessing and target": hashlib.sha256(ends.encode()).hexdigest(),
    }


def check_settings(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> None:
    """Refuse the checkpoint of a training with other settings, and show them."""
    said = [
        f"{show(name)[1:-1]} {show(ours.get(name), 200)} (the checkpoint: {show(theirs.get(name), 200)})"
        for name in (*ours, *(set(theirs) - set(ours)))
        if ours.get(name) != theirs.get(name)
    ]
    if said:
        more = f" and {len(said) - MOST} more" if len(said) > MOST else ""
        raise SettingError(
            f"the checkpoint is of a training with other settings; here {', '.join(said[:MOST])}{more}. Resume "
            "with the same settings, or name another folder"
        )


def versions(gear: str, threads: int | None) -> dict[str, str]:
    """What the last bits of a weight can depend on beside settings and data."""
    found = {
        "chainrule": chainrule.__version__,
        "Python": platform.python_version(),
        "NumPy": np.__version__,
        "machine": f"{platform.system()} {platform.machine()}",
        "engine": gear,
    }
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return found
    used = [info for info in threadpool_info() if info["user_api"] == "blas"]
    for info in sorted(used, key=lambda info: "numpy" not in info["filepath"])[:1]:  # SciPy has one of its own
        parts = (info["internal_api"], info.get("version"), info.get("architecture"))
        found["BLAS"] = " ".join(str(part) for part in parts if part)
        found["threads of BLAS"] = str(threads or info["num_threads"])
    return found


def different(ours: Mapping[str, str], theirs: Mapping[str, Any]) -> str:
    """A warning where bits may differ from those of a training that was never stopped, else nothing."""
    said = [
        f"{show(name)[1:-1]} {ours.get(name, 'none')} (the checkpoint: {show(theirs.get(name, 'none'))})"
        for name in (*ours, *(set(theirs) - set(ours)))
        if ours.get(name) != theirs.get(name)
    ]
    return (
        f"going on with {', '.join(said)}: the last bits may differ from those of a training never stopped"
        if said
        else ""
    )
