"""The plan of a sweep: what is tried, how often, and how it is judged. With it, the points and their jobs."""

from __future__ import annotations

import dataclasses
import hashlib
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chainrule.core import files, settings
from chainrule.core.errors import FileError, SettingError
from chainrule.engine import choose
from chainrule.losses import LOSSES
from chainrule.metrics import METRICS
from chainrule.runs import RunConfig
from chainrule.runs.config import default_loss, suited_loss
from chainrule.studies.sweeps.material import material
from chainrule.studies.sweeps.pruners import PRUNERS, Pruner
from chainrule.studies.sweeps.searches import SEARCHES, Search
from chainrule.studies.sweeps.space import Choices, Point, Space, configured, read
from chainrule.studies.sweeps.trial import Job
from chainrule.training.evaluation import MAIN_METRIC, asked_metrics

VALIDATION = 0.1  # share of the rows to judge on, where neither the user nor the source's recipe says one
MOST_PLAN = 10_000_000  # bytes


@dataclass(frozen=True)
class Plan:
    """``config`` is what all runs share, its seed the first of ``seeds``; ``folds`` 0 is one validation split."""

    config: RunConfig
    space: Space
    search: Search
    seeds: int = 1
    folds: int = 0
    prune: Pruner | None = None
    score: str = ""
    source_sha256: str = ""  # of a file that the rows come from

    def __post_init__(self) -> None:
        settings.whole("--seeds", self.seeds, most=1000)
        settings.whole("--folds", self.folds, least=0, most=1000)
        if self.folds == 1:
            raise SettingError("--folds 1 leaves nothing to train on; take 2 or more, or leave it out")
        self.space.check()
        if self.folds and self._sets("early_stopping"):
            raise SettingError(
                "--folds with early stopping: the best run would have no rows to stop by; sweep epochs instead"
            )
        if self.prune is None:
            return
        if self.search.learns and self.prune.in_step:
            raise SettingError(
                f"{self.search.name} asks for one point after the other, and {self.prune.name} needs all at once; "
                "take --prune median, asha or hyperband"
            )
        if not self.search.learns and not self.prune.in_step:
            raise SettingError(
                f"{self.prune.name} stops a run by those that happen to be finished: a {self.search.name} search "
                "would change with the number of workers; take --prune halving, or --search tpe"
            )

    def _sets(self, name: str) -> bool:
        return getattr(self.config, name) is not None or name in self.space.parameters

    @property
    def lower_is_better(self) -> bool:
        return self.score == "loss" or METRICS.make(self.score).better == "lower"

    def settled(self) -> Plan:
        """What the data decide: the score, the validation rows, the engine. Every point's settings are checked."""
        data, recipe = material(self.config)
        share = recipe.validation if self.config.validation is None else self.config.validation
        if self.config.validation == 0 and not self.folds:
            raise SettingError("a sweep judges on validation rows; give --validation 0.1, or --folds 5")
        config = dataclasses.replace(
            self.config,
            validation=0.0 if self.folds else share or VALIDATION,
            seed=self.config.seed or 0,
            engine=choose(self.config.engine or "auto").name,  # else a worker without numba would round otherwise
            threads=self.config.threads or 1,
        )
        score = self.score or MAIN_METRIC[data.task]
        if score != "loss":
            loss = suited_loss(LOSSES.make(self.config.loss or recipe.loss or default_loss(data)), data)
            asked_metrics(loss, [score])
        elif "loss" in self.space.varied:
            raise SettingError("values of different losses don't compare; give --score, as --score accuracy")
        made = dataclasses.replace(self, config=config, score=score, source_sha256=_fingerprint(self.config))
        rows = len(data)
        if self.folds > rows:
            raise SettingError(f"--folds {self.folds} of {rows} rows leave some without rows; take fewer")
        kept = rows - rows // self.folds if self.folds else rows - round(rows * (config.validation or 0.0))
        for point in made._examples():
            configured(config, point).resolve(data, kept, recipe)
        return made

    def _examples(self) -> Iterable[Point]:
        """All points where they are known; else a few that hold every listed value."""
        points = self.points()
        if points is not None:
            return points
        lists = {n: p.values if isinstance(p, Choices) else (p.low,) for n, p in self.space.parameters.items()}
        most = max(map(len, lists.values()))
        return [{n: values[i % len(values)] for n, values in lists.items()} for i in range(most)]

    def points(self) -> list[Point] | None:
        return self.search.points(self.space, self.config.seed or 0)

    def jobs(self, point: int, values: Point, rung: int = 0, share: float = 1.0) -> list[Job]:
        """The trainings of one point: each seed, and each fold of it."""
        config = configured(self.config, values)
        first = self.config.seed or 0
        return [
            Job(
                point=point,
                values=tuple(values.items()),
                config=dataclasses.replace(config, seed=first + s),
                score=self.score,
                fold=fold,
                folds=self.folds,
                rung=rung,
                share=share,
            )
            for s in range(self.seeds)
            for fold in (range(self.folds) if self.folds else (None,))
        ]

    @property
    def name(self) -> str:
        """The same for the same plan: what workers who never met call their common study."""
        return f"chainrule-{hashlib.sha256(self.to_toml().encode()).hexdigest()[:12]}"

    def plain(self) -> dict[str, Any]:
        config = {k: v for k, v in settings.plain(self.config).items() if v != [] or k == "hidden"}
        found = {
            "search": settings.write(self.search.name, settings.told(self.search)),
            "seeds": self.seeds,
            "folds": self.folds,
            "prune": None if self.prune is None else settings.write(self.prune.name, settings.told(self.prune)),
            "score": self.score,
            "source_sha256": self.source_sha256 or None,
            "config": config,
            "space": self.space.plain(),
        }
        return {key: value for key, value in found.items() if value is not None}

    def to_toml(self) -> str:
        import tomli_w

        return tomli_w.dumps(self.plain())

    @classmethod
    def from_toml(cls, path: Path) -> Plan:
        try:
            given = tomllib.loads(files.read(path, "a sweep.toml", MOST_PLAN).decode("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as problem:
            raise FileError(f"{path} is no TOML: {problem}") from None
        if not isinstance(given.get("config"), dict) or not isinstance(given.get("space"), dict):
            raise FileError(f"{path} is no sweep's: it has no tables [config] and [space]")
        known = settings.build(_Rest, {k: v for k, v in given.items() if k not in ("config", "space")}, str(path))
        return cls(
            settings.build(RunConfig, given["config"], f"{path}: config"),
            read(given["space"], f"{path}: space")[1],
            SEARCHES.make(known.search),
            known.seeds,
            known.folds,
            None if known.prune is None else PRUNERS.make(known.prune),
            known.score,
            known.source_sha256,
        )

    def difference(self, other: Plan) -> str:
        """The first thing in which another plan differs, in words; empty if none."""
        ours, theirs = _flat(self.plain()), _flat(other.plain())
        for key in dict.fromkeys([*ours, *theirs]):
            if ours.get(key) != theirs.get(key):
                if key == "source_sha256":
                    return f"{self.config.source} has changed since"
                return f"{key} is {settings.show(ours.get(key))} there, {settings.show(theirs.get(key))} here"
        return ""


@dataclass(frozen=True)
class _Rest:
    """What stands in a sweep.toml beside its tables."""

    search: str
    seeds: int = 1
    folds: int = 0
    prune: str | None = None
    score: str = ""
    source_sha256: str = ""


def _flat(plain: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for key, value in plain.items():
        if key in ("config", "space"):
            found.update({f"{key}.{name}": item for name, item in value.items()})
        else:
            found[key] = value
    return found


def _fingerprint(config: RunConfig) -> str:
    """SHA-256 of the files that the rows come from; empty for a data set by name."""
    paths = [Path(config.source), *([Path(config.target)] if config.target else [])]
    there = [path.read_bytes() for path in paths if path.is_file()]
    return hashlib.sha256(b"".join(there)).hexdigest() if there else ""
