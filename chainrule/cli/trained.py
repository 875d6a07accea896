"""What ``train`` prints: the configuration and the data before, the result after."""

from __future__ import annotations

import dataclasses
import sys
from json import dumps as json_value
from pathlib import Path

from chainrule.cli.output import print_classes, printable
from chainrule.runs import Result, Run, RunConfig


def announce(run: Run, to_stderr: bool) -> None:
    """The resolved configuration, the network, and what was decided about the data."""
    out = sys.stderr if to_stderr else sys.stdout
    out.writelines(f"{name} = {json_value(value)}\n" for name, value in plain(run.config).items())
    out.write(f"\n{run.network.summary()}\n\n")
    out.writelines(f"{printable(line, 300)}\n" for line in run.describe())
    out.write("\n")
    out.flush()


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
