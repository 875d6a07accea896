"""A training run: source -> data -> preprocessing -> network -> training -> files -> scores."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from chainrule.core import checks, settings
from chainrule.core.errors import DivergenceError, InputError, SettingError
from chainrule.core.rng import generator
from chainrule.core.table import Table
from chainrule.core.types import Array
from chainrule.datasets import Dataset, Recipe
from chainrule.engine import choose, suited_threads
from chainrule.layers import LAYERS, Layer
from chainrule.losses import LOSSES
from chainrule.network import MLP, Network
from chainrule.optimizers import OPTIMIZERS
from chainrule.preprocessing import PREPROCESSING, Preprocessing
from chainrule.runs.config import NEVER, RunConfig
from chainrule.runs.directory import METRICS, Accepted, MetricsFile, RunDirectory
from chainrule.runs.result import Result
from chainrule.runs.sources import open_source
from chainrule.runs.summarizing import summarize
from chainrule.targets import TARGETS, Target
from chainrule.training import Callback, History, fit
from chainrule.training.calibrating import calibrate
from chainrule.training.rates import multiples
from chainrule.training.weighing import named_weights, parse_class_weight


class Run:
    """Everything decided and the network built, before anything is trained or written.

    ``config`` is resolved, ``data`` the source, ``network`` the untrained network with its preprocessing.
    """

    def __init__(self, config: RunConfig) -> None:
        self.data, recipe = self._open(config)
        share = recipe.validation if config.validation is None else config.validation
        self.train_rows, self.validation_rows = self._split(share, config.seed or 0, len(self.data))
        self.config = config.resolve(self.data, len(self.train_rows), recipe)
        self.train = self._part(self.train_rows)
        self.validation = self._part(self.validation_rows) if len(self.validation_rows) else None
        self.network = self._build()
        self.history: History | None = None
        if self.config.class_weight is not None:
            self._check_class_weight(self.config.class_weight)
        if self.config.calibrate and self.validation is None:
            raise SettingError("--calibrate needs validation rows; add --validation 0.2")
        self.learning_rates = settings.parse(f":{self.config.learning_rates or ''}")[1]
        multiples(self.network, self.learning_rates)

    @staticmethod
    def _open(config: RunConfig) -> tuple[Dataset, Recipe]:
        return open_source(config)

    def _check_class_weight(self, text: str) -> None:
        """Refuse names that are no classes before anything is trained."""
        if self.data.task != "classes":
            raise SettingError("--class-weight is for classes; the target has values. Try --weight-column")
        given = parse_class_weight(text)
        if not isinstance(given, str):
            named_weights(self.network, given)

    def _split(self, share: float, seed: int, rows: int) -> tuple[Array, Array]:
        """Rows to train and to validate on; of each class the same share."""
        settings.number("validation", share, least=0, below=1)
        if share == 0:
            return np.arange(rows), np.arange(0)
        order = generator(seed, "split").permutation(rows)
        if self.data.task == "classes":
            y = self.data.y[order]
            parts = [order[y == label] for label in range(len(self.data.names))]
        else:
            parts = [order]
        held = np.sort(np.concatenate([part[: round(share * len(part))] for part in parts]))
        if not 0 < len(held) < rows:
            raise InputError(
                f"a validation share of {share:g} of {rows} rows leaves {len(held)} to validate and "
                f"{rows - len(held)} to train on; choose another share, or --validation 0"
            )
        train = np.setdiff1d(np.arange(rows), held)
        return self._with_rare_categories(train, held) if isinstance(self.data.X, Table) else (train, held)

    def _with_rare_categories(self, train: Array, held: Array) -> tuple[Array, Array]:
        """Rows of a category that no training row has go to training: else nobody could read them."""
        table = self.data.X
        assert isinstance(table, Table)
        alone = np.zeros(len(held), bool)
        for name in table.names:
            if not table.is_numeric(name):
                alone |= ~np.isin(table[name][held].astype(str), table[name][train].astype(str))
        return np.sort(np.concatenate([train, held[alone]])), held[~alone]

    def _part(self, rows: Array) -> tuple[Array | Table, Array]:
        X, y = self.data.X, self.data.y
        if len(rows) == len(self.data):
            return X, y
        return (X.take(rows) if isinstance(X, Table) else X[rows]), y[rows]

    def _build(self) -> Network:
        c, data = self.config, self.data
        X, y = self.train
        if not isinstance(X, Table):
            self._check_width(X)
        preprocessing = self._preprocessing(X)
        d_in = preprocessing.d_out if preprocessing is not None else self._check_width(X)
        target: Target
        if data.task == "classes":
            target = TARGETS["classes"](data.names, data.column)  # type: ignore[call-arg]
            d_out = LOSSES.make(c.loss).outputs(len(data.names))
        else:
            target = TARGETS["values"].fit(y, data.names, bool(c.scale_target))  # type: ignore[attr-defined]
            d_out = len(data.names)
        assert c.hidden is not None
        assert c.activation is not None
        network = MLP(
            [d_in, *c.hidden, d_out],
            c.activation,
            normalization=c.normalization,
            dropout=c.dropout or 0.0,
            residual=bool(c.residual),
            embedding=None if c.embed is None else self._embedding(preprocessing, c.embed),
            seed=c.seed,
            dtype=c.dtype,
            output=c.output,
            initializer=c.initializer,
            loss=c.loss,
            preprocessing=preprocessing,
            target=target,
        )
        network.check_batch_size(len(y) if c.batch_size in (None, "full") else int(c.batch_size))
        return network

    @staticmethod
    def _embedding(preprocessing: Preprocessing | None, width: int) -> Layer:
        """A table for each column of texts; more numbers than categories would say nothing more."""
        settings.whole("embed", width)
        codes: dict[int, int] = getattr(preprocessing, "codes", {})
        if not codes:
            raise InputError("--embed is for columns of texts, and the source has none; leave it out")
        widths = tuple(min(width, categories) for categories in codes.values())
        sizes = {"columns": tuple(codes), "categories": tuple(codes.values()), "widths": widths}
        assert preprocessing is not None
        return LAYERS["embedding"](d_in=preprocessing.d_out, **sizes)  # type: ignore[call-arg]

    @staticmethod
    def _check_width(X: Array | Table) -> int:
        if isinstance(X, Table) or X.ndim != 2:
            raise InputError("expected features of shape (rows, features)")
        if not X.shape[1]:
            raise InputError(f"the source has no features: its shape is {X.shape}")
        return int(X.shape[1])

    def _preprocessing(self, X: Array | Table) -> Preprocessing | None:
        """Fitted on the training rows alone."""
        scale = self.config.scale
        if isinstance(X, Table):
            if scale == "all":
                raise InputError(
                    "--scale all is for arrays of one kind, such as pixels; a table has column or none"
                )
            encoding = "one_hot" if self.config.embed is None else "codes"
            return PREPROCESSING["columns"].fit(X, scale == "column", encoding)  # type: ignore[attr-defined, no-any-return]
        if scale == "none":
            checks.finite("X", checks.numeric("X", X))
            return None
        return PREPROCESSING["standardize"].fit(X, shared=scale == "all")  # type: ignore[attr-defined, no-any-return]

    def describe(self) -> list[str]:
        """What was decided about the data, in lines for people."""
        features = self.network.d_in
        parts = [f"{len(self.train_rows):,} rows to train on"]
        if self.validation is not None:
            parts.append(f"{len(self.validation_rows):,} to validate")
        if self.data.test is not None:
            parts.append(f"{len(self.data.test[1]):,} to test")
        names = len(self.data.names)
        kind = "classes" if self.data.task == "classes" else f"output{'s' * (names > 1)}"
        return [
            f"{', '.join(parts)}; {features:,} feature{'s' * (features > 1)}, {names} {kind}",
            *self.data.choices,
            *self._about_target(),
            self._about_engine(),
        ]

    def _about_engine(self) -> str:
        """Which gear runs, and why; how many threads BLAS uses."""
        size = self.config.batch_size
        rows = size if isinstance(size, int) else len(self.train_rows)
        threads = self.config.threads or suited_threads(self.network.modules, rows)
        found = (
            "as many threads as it has by itself" if threads is None else f"{threads} thread{'s' * (threads > 1)}"
        )
        return f"engine {choose(self.config.engine or 'auto')}; BLAS with {found}"

    def _about_target(self) -> list[str]:
        loss = self.network.loss
        if self.data.task == "classes" or loss is None or loss.scales:
            return []
        return [f"the target is not standardized: {loss.name} takes it as it is"]

    def train_in(self, place: RunDirectory, callbacks: Sequence[Callback] = (), resume: bool = False) -> Result:
        """Train, write into the run directory, and score on the test rows, else validation, else training rows.

        With ``resume`` it goes on from the directory's last checkpoint. After a divergence the model file holds
        the last finite weights, and the error goes on.
        """
        try:
            if not resume:
                place.begin(self.config)
            self._fit(place, callbacks, resume)
            if self.config.calibrate and self.validation is not None:
                calibrate(self.network, *self.validation)
            if self.config.summary is not False:
                summarize(self.network, self.train[0])
            place.save(self.network)
        finally:
            place.release()
        return self.score()

    def _fit(self, place: RunDirectory, callbacks: Sequence[Callback], resume: bool) -> None:
        on_error = self.config.on_checkpoint_error or "continue"
        watchers = [
            *self.config.callbacks(),
            *callbacks,
            Accepted(partial(place.write_config, self.config)),
            MetricsFile(place.path / METRICS, on_error),  # it writes whole rows
        ]
        given = self._fit_settings()
        if self.config.checkpoint_every != NEVER:
            given |= {
                "checkpoint": place.checkpoints,
                "checkpoint_every": self.config.checkpoint_every,
                "resume": resume,
                "on_checkpoint_error": on_error,
            }
        try:
            self.history = fit(self.network, *self.train, **given, callbacks=watchers)
        except DivergenceError as problem:
            path = place.save(self.network)
            problem.args = (f"{problem}. The model is in {path}",)
            raise

    def _fit_settings(self) -> dict[str, Any]:
        """What the configuration says, in the words of ``fit``."""
        c, weight = self.config, self.data.weight
        assert c.optimizer is not None
        name, given = settings.parse(c.optimizer)
        checked: tuple[Any, ...] | None = self.validation
        if checked is not None and weight is not None:
            checked = (*checked, weight[self.validation_rows])
        return {
            "optimizer": OPTIMIZERS.make({"name": name, **given, "learning_rate": c.learning_rate}),
            "schedule": c.schedule,
            "batch_size": c.batch_size,
            "epochs": c.epochs,
            "validation": checked,
            "sample_weight": None if weight is None else weight[self.train_rows],
            "class_weight": None if c.class_weight is None else parse_class_weight(c.class_weight),
            "regularization": c.regularization,
            "metrics": c.metrics,
            "accumulate": c.accumulate or 1,
            "learning_rates": self.learning_rates,
            "seed": c.seed or 0,
            "engine": c.engine or "auto",
            "threads": c.threads,
        }

    def score(self) -> Result:
        """The scores on the rows furthest from training that there are."""
        parts: dict[str, Any] = {"test": self.data.test, "validation": self.validation, "training": self.train}
        part = next(name for name, rows in parts.items() if rows is not None)
        X, y = parts[part]
        return Result.of(self.network, X, y, part)
