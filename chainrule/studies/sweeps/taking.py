"""What a worker on a storage does: take a trial from the queue, train, and tell."""

from __future__ import annotations

import json
from typing import Any

from chainrule.core.files import json_ready
from chainrule.studies.sweeps.plan import Plan
from chainrule.studies.sweeps.storage import Store, calm, opened, stale, trials
from chainrule.studies.sweeps.suggesting import suggested
from chainrule.studies.sweeps.trial import Record, run


class _NothingLeft(Exception):
    """Another worker took the last trial."""


class _FailedError(Exception):
    """The training could not be done at all."""


def work(task: tuple[Store, Plan]) -> list[Record]:
    """Take one trial from the queue and do it: the records of its trainings, none where nothing was left.

    A worker that was silent for too long finds its trial given to another; then it has done it for nothing.
    """
    from optuna import TrialPruned
    from optuna.exceptions import UpdateFinishedTrialError

    store, plan = task
    study = opened(store, plan)
    records: list[Record] = []
    over = False

    def objective(trial: Any) -> float:
        nonlocal over
        if "point" not in trial.user_attrs:
            raise _NothingLeft
        try:
            value = _objective(trial, plan, records)
        except UpdateFinishedTrialError:
            records.clear()
            over = True
            raise _NothingLeft from None
        except (TrialPruned, _FailedError):
            over = True
            raise
        over = True
        return value

    if trials(study, "WAITING") or stale(study):
        try:
            with calm():
                study.optimize(objective, n_trials=1, catch=(_NothingLeft, _FailedError))
        except (ValueError, AssertionError, UpdateFinishedTrialError):
            if not over:  # else Optuna could not tell the end of a trial that is no longer this worker's
                raise
    return records


def _objective(trial: Any, plan: Plan, records: list[Record]) -> float:
    from optuna import TrialPruned

    values = {name: suggested(trial, name, p) for name, p in plan.space.parameters.items()}
    jobs = plan.jobs(trial.user_attrs["point"], values)
    pruning = plan.prune is not None

    def watch(epoch: int, score: float) -> bool:
        trial.report(score, epoch)
        return bool(trial.should_prune())

    for done, job in enumerate(jobs, 1):
        # one training is looked at after each epoch; of several, the mean after each training
        record = run(job, watch if pruning and len(jobs) == 1 else None)
        records.append(record)
        if record["state"] != "done":
            break
        mean = sum(r["score"] for r in records) / done
        if pruning and done < len(jobs) and watch(done, mean):
            record["state"] = "pruned"
            break
    trial.set_user_attr("records", json.dumps(json_ready(records)))
    if record["state"] == "failed":
        raise _FailedError(record["why"])
    if record["state"] in ("diverged", "pruned"):
        raise TrialPruned  # TPE takes both for bad
    return float(mean)
