from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from chainrule.core.errors import InputError, SettingError
from chainrule.plots.training import METRICS
from chainrule.runs import RunConfig
from chainrule.runs.record import Record


def results(records: Sequence[Record]) -> tuple[list[dict[str, Any]], list[str], str]:
    """A row a run, of the settings in which the runs differ and the metric; those settings; the metric's name.

    The metric is the one recorded last, on the validation rows if all have it; None for a training that diverged.
    """
    if len(records) < 2:
        raise SettingError("a sweep is a picture of several runs; name more, as runs/*")
    settings = {
        field.name: [_plain(getattr(record.config, field.name)) for record in records]
        for field in dataclasses.fields(RunConfig)
    }
    differing = [name for name, values in settings.items() if len(set(values)) > 1 and name != "data_dir"]
    if not differing:
        raise InputError("these runs have the same settings; there is nothing to compare")
    columns = [{**record.rows[-1]} if record.rows else {} for record in records]
    known = [name for metric in METRICS for name in (f"validation_{metric}", metric)]
    metric = next((name for name in known if all(name in row for row in columns if row)), None)
    if metric is None or not any(columns):
        raise InputError("these runs recorded no metric that all of them have")
    rows = [
        {name: settings[name][i] for name in differing} | {metric: None if _diverged(record) else row.get(metric)}
        for i, (record, row) in enumerate(zip(records, columns, strict=True))
    ]
    return rows, differing, metric


def _plain(value: Any) -> Any:
    """Something to be compared and drawn: a list as one text, of one number as that number."""
    if not isinstance(value, tuple):
        return value
    return value[0] if len(value) == 1 else ",".join(map(str, value)) or "none"


def _diverged(record: Record) -> bool:
    """Whether training ended before its last epoch and nobody had stopped it."""
    done = len(record.rows) == record.config.epochs
    return not done and record.network.training.get("stopped") is None
