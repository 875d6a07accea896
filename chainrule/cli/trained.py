"""What ``train`` prints: the configuration and the data before, the result after."""

from __future__ import annotations

import dataclasses
import sys
from json import dumps as json_value
from pathlib import Path

from chainrule.cli.interrupt import Interrupt
from chainrule.cli.output import print_classes, print_json, printable
from chainrule.network import Network
from chainrule.runs import Result, Run, RunConfig
from chainrule.runs.config import NEVER
from chainrule.runs.directory import MODEL, RunDirectory
from chainrule.runs.summarizing import without_summary
from chainrule.training import CALLBACKS, Callback, Trainer


def announce(run: Run, to_stderr: bool) -> None:
    """The resolved configuration, the network, and what was decided about the data."""
    out = sys.stderr if to_stderr else sys.stdout
    out.writelines(f"{name} = {json_value(value)}\n" for name, value in plain(run.config).items())
    out.write(f"\n{run.network.summary()}\n\n")
    out.writelines(f"{printable(line, 300)}\n" for line in run.describe())
    out.write("\n")
    out.flush()


class Start(Callback):
    """Says where a run that goes on begins."""

    def on_fit_start(self, trainer: Trainer) -> None:
        state = trainer.state
        where = f"epoch {state.epoch}, step {state.t:,}" if state.t else "its beginning: it has no checkpoint yet"
        sys.stderr.write(f"going on from {where}\n")


def finished(place: RunDirectory, json: bool, quiet: bool) -> int:
    """Of a run with nothing left to do."""
    place.release()
    facts = without_summary(Network.load(place.path / MODEL).training)
    if json:
        print_json({"run": str(place.path), "finished": True, "training": facts})
    elif not quiet:
        stopped = f", stopped early by {facts['stopped']}" if facts.get("stopped") else ""
        length = f"{facts['epochs']} epochs, {facts['steps']:,} steps{stopped}"
        print(f"{printable(str(place.path))} is finished: {length}; nothing to do")
    return 0


def train_here(run: Run, place: RunDirectory, *, resume: bool, json: bool, quiet: bool) -> int:
    """Train in the directory, and print what came of it."""
    interrupt, say = Interrupt(), not (json or quiet)
    with interrupt.watching():
        progress = CALLBACKS["progress"](table=say, bar=not quiet)  # type: ignore[call-arg]
        start = [Start()] if resume and not quiet else []
        result = run.train_in(place, [interrupt, *start, progress], resume)
    if json:
        print_json(document(run, place.path, result))
    else:
        report(run, place.path, result, quiet)
    if interrupt.code and run.config.checkpoint_every != NEVER and not quiet:
        sys.stderr.write(f"go on with: chainrule train --resume {printable(str(place.path))}\n")
    return interrupt.code or 0


def report(run: Run, path: Path, result: Result, quiet: bool) -> None:
    """How long it took, the classes, where the run lies, and the result, which alone is printed when quiet."""
    history = run.history
    assert history is not None
    if not quiet:
        seconds = sum(history["seconds"])
        stopped = f", stopped early by {history.stopped}" if history.stopped else ""
        print(f"\ntrained in {seconds:.2f} s: {len(history)} epochs, {len(history.steps):,} steps{stopped}\n")
        print_classes(result)
        print(f"run: {printable(str(path))}")
    print(result.line())


def document(run: Run, path: Path, result: Result) -> dict[str, object]:
    """All of it for --json."""
    history = run.history
    assert history is not None
    return {
        "run": str(path),
        "config": plain(run.config),
        "data": run.describe(),
        "history": history.rows,
        "stopped": history.stopped,
        "seconds": sum(history["seconds"]),
        "result": result.plain(),
    }


def plain(config: RunConfig) -> dict[str, object]:
    """The options that say something."""
    return {name: value for name, value in dataclasses.asdict(config).items() if value is not None and value != ()}
