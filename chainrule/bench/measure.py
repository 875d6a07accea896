"""Repeats in turns: every variant does a task once, then every one again, in another order.

What is compared are times of one repeat, so that a machine that slows down for a second slows all of them down;
the spread of a ratio over the repeats says how far that held.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.bench.crew import Crew
from chainrule.bench.peers import PEERS, Peer
from chainrule.bench.tasks import Task, Training, describe
from chainrule.core.types import Array

LEAST = 3  # repeats, however little time there is
HOPELESS = 3.0  # times as slow as a better variant: no further turns
EPOCH = 2e-3  # of an epoch's mean loss: a unit that rounding switches on a step earlier changes it by less
ANSWERS = 0.999  # of the rows: a tie is decided by rounding
OURS = ("chainrule_numpy", "chainrule_fused")

Progress = Callable[[str], None]


@dataclass
class Runner:
    """One variant of a peer on one task, ready in its process."""

    peer: Peer
    key: str
    facts: dict[str, Any]
    answers: Array | None  # weights after the first steps, or the classes of all rows
    seconds: list[float] = field(default_factory=list)
    borders: list[float] = field(default_factory=list)


def measure(
    crew: Crew,
    task: Task,
    peers: Mapping[str, Sequence[Peer]],
    repeats: int,
    seconds: float,
    progress: Progress,
) -> dict[str, Any]:
    """One row: what each peer took, whether it computed the same, and how many times as fast we are."""
    crew.everyone_forget()
    runners, left_out = _build(crew, task, peers, progress)
    left_out |= _turns(crew, task.name, runners, repeats, seconds, progress)
    found = _summary(task, runners)
    return {
        "name": task.name,
        "task": describe(task),
        "repeats": max((len(row["times"]) for row in found.values()), default=0),
        "peers": found,
        "left_out": {name: why for name, why in left_out.items() if name not in found},
        "ratios": {gear: ratios(found, gear) for gear in OURS if gear in found},
    }


def _build(
    crew: Crew, task: Task, peers: Mapping[str, Sequence[Peer]], progress: Progress
) -> tuple[list[Runner], dict[str, str]]:
    """Everyone ready and warm; and who is not, and why."""
    runners: list[Runner] = []
    left_out: dict[str, str] = {}
    for name, variants in peers.items():
        for i, peer in enumerate(variants):
            if not isinstance(task, peer.kinds):
                continue
            reason = peer.lacks(task)
            if reason is None:
                progress(f"{task.name}: {name} gets ready, {i + 1} of {len(variants)}")
                key, path = f"{name}-{i}", crew.folder / f"{name}-{i}.npy"
                facts = crew.ask(
                    peer, do="build", key=key, peer=PEERS.describe(peer), task=describe(task), save=str(path)
                )
                reason = facts.get("failed")
            if reason is not None:
                left_out.setdefault(name, reason)
                continue
            answers = np.load(path, allow_pickle=False) if facts["saved"] else None
            runners.append(Runner(peer, key, facts, answers))
    return runners, left_out


def _turns(
    crew: Crew, name: str, runners: list[Runner], repeats: int, seconds: float, progress: Progress
) -> dict[str, str]:
    """Fills in the seconds of each runner. Who fails is taken off the list, and the reason returned."""
    failed: dict[str, str] = {}
    end = time.perf_counter() + seconds
    for repeat in range(repeats):
        if repeat >= LEAST and time.perf_counter() > end:
            break
        progress(f"{name}: repeat {repeat + 1} of {repeats}")
        going = [runner for runner in runners if not _hopeless(runner, runners)]
        first = repeat % max(1, len(going))
        for runner in going[first:] + going[:first]:
            answer = crew.ask(runner.peer, do="run", key=runner.key)
            if "failed" in answer:
                failed[runner.peer.name] = answer["failed"]
                runners.remove(runner)
                continue
            runner.seconds.append(answer["seconds"])
            runner.borders.append(answer["border"])
    return failed


def _hopeless(runner: Runner, runners: Sequence[Runner]) -> bool:
    """Whether another variant of the same peer was several times as fast, as one thread on small networks."""
    rivals = [min(r.seconds) for r in runners if r.peer.name == runner.peer.name and r.seconds]
    return bool(runner.seconds) and min(runner.seconds) > HOPELESS * min(rivals)


def _summary(task: Task, runners: Sequence[Runner]) -> dict[str, Any]:
    """By peer: its better variant, by the median, in microseconds a step or a call."""
    units = task.steps if isinstance(task, Training) else task.calls
    by_peer: dict[str, list[Runner]] = {}
    for runner in runners:
        by_peer.setdefault(runner.peer.name, []).append(runner)
    best = {name: min(own, key=lambda r: statistics.median(r.seconds)) for name, own in by_peer.items()}
    reference = next(
        (best[name] for name in (OURS[0], *best) if name in best and best[name].answers is not None), None
    )
    found = {}
    for name, runner in best.items():
        times = [1e6 * t / units for t in runner.seconds]
        found[name] = {
            "variant": runner.peer.label(),
            **middle(times),
            "times": times,
            "variants": {r.peer.label(): 1e6 * statistics.median(r.seconds) / units for r in by_peer[name]},
            "border_milliseconds": 1e3 * statistics.median(runner.borders),
            "first_seconds": sum(r.facts["first"] for r in by_peer[name]),
            "loss": runner.facts.get("loss"),
            **({} if reference is None else compare(task, runner, reference)),
        }
    return found


def compare(task: Task, runner: Runner, reference: Runner) -> dict[str, Any]:
    """``same``: whether it computed what the reference did; None for the products alone, which compute nothing."""
    if runner.answers is None or reference.answers is None:
        return {"same": None, "difference": None}
    if not isinstance(task, Training):
        share = float(np.mean(runner.answers == reference.answers))
        return {"same": share >= ANSWERS, "difference": 1 - share}
    way = np.linalg.norm(reference.answers - task.network().params.theta)
    difference = float(np.linalg.norm(runner.answers - reference.answers) / way)
    loss, expected = runner.facts["loss"], reference.facts["loss"]
    same = difference <= runner.peer.agreement and abs(loss - expected) <= EPOCH * abs(expected)
    return {"same": bool(same), "difference": difference}


def ratios(found: Mapping[str, Any], gear: str) -> dict[str, Any]:
    """How many times as long as we each took, paired within a repeat; None where it computed another thing."""
    ours = found[gear]["times"]
    return {
        name: None
        if False in (row["same"], found[gear]["same"])
        else middle([a / b for a, b in zip(row["times"], ours, strict=False)])
        for name, row in found.items()
        if name != gear
    }


def middle(values: Iterable[float]) -> dict[str, float]:
    """The median, and the 10th and 90th percentile."""
    low, median, high = np.percentile(list(values), (10, 50, 90))
    return {"median": float(median), "low": float(low), "high": float(high)}
