"""Trials in a storage of Optuna's: a queue that any number of workers take from, on any machine.

Every point is put into the queue at the start, also those whose values TPE will choose when a worker takes them.
So there are exactly as many trials as were asked for, and a worker that dies takes nothing with it: while it
trains it gives a sign of life, and when that stops its trial goes back into the queue.
"""

from __future__ import annotations

import json
import re
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from chainrule.core.errors import FileError, MissingExtraError, SettingError
from chainrule.core.settings import number, show
from chainrule.studies.sweeps.plan import Plan
from chainrule.studies.sweeps.suggesting import encoded, sampler
from chainrule.studies.sweeps.trial import Record

RETRIES = 3  # of a trial whose worker died
PATIENCE = 30.0  # seconds until a queue that nobody fills any more is filled by another


@dataclass(frozen=True)
class Store:
    """``url`` as SQLAlchemy writes it; ``study`` is the name that workers share; seconds between signs of life."""

    url: str
    study: str
    heartbeat: float = 10.0

    def __post_init__(self) -> None:
        number("--heartbeat", self.heartbeat, least=1, most=3600)
        if not re.match(r"(sqlite|postgresql)(\+\w+)?://", self.url):
            raise SettingError(
                f"--storage takes sqlite:///FILE or postgresql://USER@HOST/DATABASE, not {show(self.shown)}"
            )

    @property
    def shown(self) -> str:
        """The url without its password."""
        return re.sub(r"(://[^:/@]*):[^@]*@", r"\1:***@", self.url)


def check() -> Any:
    """Optuna; MissingExtraError without it."""
    try:
        import optuna
    except ImportError:
        raise MissingExtraError(
            "TPE, its pruners and --storage need Optuna; install it with: pip install 'chainrule[search]'"
        ) from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna


@contextmanager
def calm() -> Iterator[None]:
    """Heartbeats work, but Optuna warns that they are experimental."""
    from optuna.exceptions import ExperimentalWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        yield


def join(store: Store, plan: Plan, alone: bool = False) -> Any:
    """The study of the plan, made and filled where it is new. ``alone``: nobody else can be working on it."""
    optuna = check()
    storage = _storage(store)
    direction = "minimize" if plan.lower_is_better else "maximize"
    try:
        study = optuna.create_study(storage=storage, study_name=store.study, direction=direction)
        new = True
    except optuna.exceptions.DuplicatedStudyError:
        study, new = optuna.load_study(storage=storage, study_name=store.study), False
    if not new:
        _await_queue(study)
    if study.user_attrs.get("plan", plan.to_toml()) != plan.to_toml():
        raise SettingError(f"the study {store.study} in {store.shown} is of another sweep; name another --study")
    if alone:
        for trial in trials(study, "RUNNING"):
            study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
    study.set_user_attr("plan", plan.to_toml())
    _fill(study, plan)
    study.set_user_attr("filled", True)
    return study


def _await_queue(study: Any) -> None:
    """Until who made the study has filled its queue, or seems to have died over it."""
    seen, since = -1, time.monotonic()
    while not study.user_attrs.get("filled") and time.monotonic() - since < PATIENCE:
        if (there := len(trials(study))) != seen:
            seen, since = there, time.monotonic()
        time.sleep(0.2)


def _fill(study: Any, plan: Plan) -> None:
    """Put every point into the queue that has no trial, or only failed ones."""
    points = plan.points()
    total = plan.search.trials if points is None else len(points)
    good = ("WAITING", "RUNNING", "COMPLETE", "PRUNED")
    there = {trial.user_attrs.get("point") for trial in trials(study, *good)}
    for i in range(total):
        if i not in there:
            values = {} if points is None else encoded(points[i])
            study.enqueue_trial(values, user_attrs={"point": i})


def stale(study: Any) -> bool:
    """Whether looking after dead workers has put something back into the queue."""
    from optuna.storages import fail_stale_trials

    with calm():
        fail_stale_trials(study)
    return bool(trials(study, "WAITING"))


def settle(store: Store, plan: Plan) -> tuple[int, int]:
    """How many trials wait, and how many run, those of dead workers put back into the queue."""
    study = opened(store, plan)
    stale(study)
    return len(trials(study, "WAITING")), len(trials(study, "RUNNING"))


def records(store: Store, plan: Plan) -> list[Record]:
    """All that is known of the study's finished trials; of a point done twice, the first."""
    found: dict[int, list[Record]] = {}
    for trial in trials(opened(store, plan), "COMPLETE", "PRUNED", "FAIL"):
        if "records" in trial.user_attrs:
            point, of_it = trial.user_attrs["point"], json.loads(trial.user_attrs["records"])
            if point not in found or any(r["state"] == "failed" for r in found[point]):
                found[point] = of_it
    return [record for _, of_it in sorted(found.items()) for record in of_it]


def trials(study: Any, *states: str) -> list[Any]:
    from optuna.trial import TrialState

    wanted = [TrialState[state] for state in states] or None
    return list(study.get_trials(deepcopy=False, states=wanted))


_STUDIES: dict[tuple[Store, str], Any] = {}


def opened(store: Store, plan: Plan) -> Any:
    """The study as this process works on it, opened once."""
    key = (store, plan.name)
    if key not in _STUDIES:
        optuna = check()
        pruner = None if plan.prune is None else plan.prune.optuna()
        _STUDIES[key] = optuna.load_study(
            storage=_storage(store),
            study_name=store.study,
            sampler=sampler(plan),
            pruner=pruner or optuna.pruners.NopPruner(),
        )
    return _STUDIES[key]


def _storage(store: Store) -> Any:
    """Opened once by each process; two that meet over an empty database try again."""
    if store not in _OPENED:
        for last in (False, False, False, True):
            try:
                _OPENED[store] = _open(store)
                break
            except FileError:
                if last:
                    raise
                time.sleep(0.5)
    return _OPENED[store]


_OPENED: dict[Store, Any] = {}


def _open(store: Store) -> Any:
    check()
    from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback
    from sqlalchemy.exc import SQLAlchemyError

    url = re.sub(r"^postgresql://", "postgresql+psycopg://", store.url)
    beat = max(1, round(store.heartbeat))
    try:
        with calm():
            return RDBStorage(
                url,
                heartbeat_interval=beat,
                grace_period=3 * beat,
                heartbeat_stale_trial_callback=RetryHeartbeatStaleTrialCallback(max_retry=RETRIES),
            )
    except ImportError as problem:
        raise MissingExtraError(
            f"--storage {store.shown} needs {getattr(problem, 'name', None) or problem}; install it with: "
            "pip install 'chainrule[cluster]'"
        ) from None
    except (SQLAlchemyError, OSError) as problem:
        why = str(getattr(problem, "orig", None) or problem).splitlines()[0]
        raise FileError(f"cannot open the storage {store.shown}: {why:.200}") from None
