"""What ``doctor`` does: a training from options, a run or a model, examined, and the findings given out."""

from __future__ import annotations

import dataclasses
import json as json_text
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import chainrule
from chainrule.cli.options import configuration, told
from chainrule.cli.output import print_json
from chainrule.core.errors import FileError, SettingError
from chainrule.core.files import write_whole
from chainrule.core.settings import parse
from chainrule.diagnosis import diagnose
from chainrule.diagnosis.changes import Change
from chainrule.diagnosis.findings import Findings
from chainrule.diagnosis.report import Report
from chainrule.diagnosis.sarif import sarif
from chainrule.optimizers import OPTIMIZERS
from chainrule.runs import Run
from chainrule.runs.directory import CONFIG


@dataclass(frozen=True)
class Asked:
    """The options of ``doctor`` that are not those of a training."""

    source: str
    new_data: str | None
    prove: bool
    budget: float
    fail_on: str
    apply: Path | None
    html: Path | None
    sarif: Path | None
    json: bool


def examine(asked: Asked, given: dict[str, Any]) -> int:
    """The exit code: 1 where something of the chosen severity was found."""
    if asked.new_data is not None:
        from chainrule.cli.drifting import compare

        return compare(asked, given)
    run = Run(_configuration(asked.source, told(given)))
    report = diagnose(run.network, *run.train, **program(run), prove=asked.prove, budget=asked.budget)
    left = left_out(run)
    give_out(report, asked, left)
    if asked.apply is not None:
        _apply(report, run, asked.apply, quiet=asked.json)
    return exit_code(report, asked.fail_on)


def _configuration(source: str, given: dict[str, Any]) -> Any:
    place = Path(source)
    if place.is_dir():
        if not (place / CONFIG).is_file():
            raise FileError(f"{source!r:.200} is no run directory: it has no {CONFIG}")
        return configuration(place / CONFIG, given)
    if place.suffix == ".safetensors":
        raise SettingError("to examine a model give the data it is to be used on, too: doctor MODEL NEW_DATA")
    return configuration(None, {"source": source, **given})


def program(run: Run) -> dict[str, Any]:
    """The settings of a run in the words of ``diagnose``."""
    c = run.config
    assert c.optimizer is not None
    name, more = parse(c.optimizer)
    rows = len(run.train_rows)
    return {
        "optimizer": OPTIMIZERS.make({"name": name, **more, "learning_rate": c.learning_rate}),
        "schedule": c.schedule,
        "batch_size": rows if c.batch_size in (None, "full") else int(c.batch_size),
        "epochs": c.epochs,
        "validation": run.validation,
        "seed": c.seed,
    }


def left_out(run: Run) -> list[str]:
    """What the run has and the examination has not."""
    names = ("class_weight", "weight_column", "regularization", "early_stopping", "time_limit", "accumulate")
    return [f"--{name.replace('_', '-')}" for name in (*names, "learning_rates") if getattr(run.config, name)]


def give_out(report: Findings, asked: Asked, left: list[str]) -> None:
    """To the screen, and into the files that were asked for."""
    subject = asked.new_data or asked.source
    if asked.html is not None:
        from chainrule.report.diagnosis import page

        write_whole(asked.html, page(report, subject).encode())
    if asked.sarif is not None:
        document = sarif(report, subject, chainrule.__version__)
        write_whole(asked.sarif, json_text.dumps(document, indent=2).encode())
    if asked.json:
        print_json({**report.document(), "left_out": left})
        return
    print(report)
    if left:
        print(f"\nLeft out of the examination: {', '.join(left)}")
    for path in (asked.html, asked.sarif):
        if path is not None:
            print(f"written: {path}")


def exit_code(report: Findings, fail_on: str) -> int:
    return 0 if fail_on == "never" else int(bool(report.at_least(fail_on.upper())))


def _apply(report: Report, run: Run, path: Path, quiet: bool) -> None:
    """The configuration with the proved remedies of the causes, else their first ones."""
    settings: dict[str, Any] = {}
    for finding in report.findings:
        change = finding.cure
        if isinstance(change, Change) and finding.root and finding.severity != "INFO":
            settings |= change.settings(report.evidence.program)
    known = {field.name for field in dataclasses.fields(run.config)}
    better = dataclasses.replace(run.config, **{name: value for name, value in settings.items() if name in known})
    write_whole(path, better.to_toml().encode())
    if not quiet:
        said = ", ".join(f"{name} = {value}" for name, value in settings.items()) or "nothing to change"
        print(f"\nwritten: {path} ({said}); run it with: chainrule train --config {path}")
