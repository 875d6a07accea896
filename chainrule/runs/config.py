"""The configuration of a run: what the user said, and what it means once the data are known."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from chainrule.activations import ACTIVATIONS
from chainrule.core import files, settings
from chainrule.core.errors import FileError, MissingExtraError, SettingError, UnknownNameError
from chainrule.core.strict_toml import MOST_TEXT, read_toml
from chainrule.datasets import Dataset, Recipe
from chainrule.initializers import INITIALIZERS
from chainrule.layers import LAYERS, activation_names, normalization_names
from chainrule.losses import LOSSES, Loss
from chainrule.optimizers import OPTIMIZERS, Optimizer
from chainrule.regularizers import REGULARIZERS
from chainrule.schedules import SCHEDULES
from chainrule.training import CALLBACKS, Callback
from chainrule.training.checkpoints.every import Every
from chainrule.training.checkpoints.opening import check_optimizer
from chainrule.training.evaluation import asked_metrics
from chainrule.training.regularization import asked_regularizers
from chainrule.training.weighing import parse_class_weight

MOST_CONFIG = 4 * MOST_TEXT  # bytes
WORK = 40_000  # row visits after which a small table is well learned, for the number of epochs
NEVER = "never"  # a cadence of checkpoints
MOST_EPOCHS = 200  # unless asked for, or what a data set's recipe says


@dataclass(frozen=True)
class RunConfig:
    """Options of a run; None is "what suits the source", and ``resolve`` fills it in.

    Things are written as on the command line: a name, or ``name:setting=value,setting=value``.
    """

    source: str
    target: str | None = None
    task: Literal["classification", "regression"] | None = None
    ignore: tuple[str, ...] = ()
    weight_column: str | None = None
    hidden: tuple[int, ...] | None = None
    activation: str | tuple[str, ...] | None = None
    normalization: str | None = None
    dropout: float | None = None
    residual: bool | None = None
    embed: int | None = None
    output: str | None = None
    initializer: str | None = None
    loss: str | None = None
    optimizer: str | None = None
    learning_rate: float | None = None
    schedule: str | None = None
    batch_size: int | Literal["full"] | None = None
    epochs: int | None = None
    class_weight: str | None = None
    regularization: tuple[str, ...] = ()
    early_stopping: str | None = None
    time_limit: float | None = None
    metrics: tuple[str, ...] = ()
    calibrate: bool | None = None
    accumulate: int | None = None
    learning_rates: str | None = None
    validation: float | None = None
    scale: Literal["column", "all", "none"] | None = None
    scale_target: bool | None = None
    dtype: Literal["float32", "float64"] | None = None
    seed: int | None = None
    engine: Literal["auto", "numpy", "fused"] | None = None
    threads: int | None = None
    checkpoint_every: int | str | None = None
    on_checkpoint_error: Literal["continue", "stop"] | None = None
    summary: bool | None = None
    data_dir: str | None = None

    @classmethod
    def from_toml(cls, path: Path) -> RunConfig:
        """A config.toml, strictly: unknown keys and wrong types are errors."""
        try:
            text = files.read(path, "a config.toml", MOST_CONFIG).decode("utf-8")
        except UnicodeDecodeError as problem:
            raise FileError(f"{path} is no UTF-8 text (byte {problem.start})") from None
        return settings.build(cls, read_toml(text, str(path)), str(path))

    def to_toml(self) -> str:
        """What ``from_toml`` reads; what is None or empty is left out."""
        try:
            import tomli_w
        except ImportError:
            raise MissingExtraError("writing config.toml needs tomli-w; pip install tomli-w") from None
        values = {k: v for k, v in settings.plain(self).items() if v != [] or k == "hidden"}
        text = tomli_w.dumps(values)
        if len(text) > MOST_TEXT:
            raise SettingError(
                f"the options take {len(text)} characters as TOML; {MOST_TEXT} are the most. Shorten --ignore"
            )
        return text

    def resolve(self, data: Dataset, train_rows: int, recipe: Recipe) -> RunConfig:
        """Every option decided, for these data; wrong names and settings are refused here."""
        loss = suited_loss(LOSSES.make(_first(self.loss, recipe.loss, default_loss(data))), data)
        optimizer = self._optimizer(recipe)
        whole = optimizer.full_batch
        batch_size = _first(self.batch_size, "full" if whole else recipe.batch_size)
        if self.batch_size is None and isinstance(batch_size, int):
            batch_size = min(batch_size, train_rows)
        if batch_size not in ("full", None):
            settings.whole("batch_size", batch_size)
        if isinstance(batch_size, int) and batch_size > train_rows:
            raise SettingError(f'batch_size {batch_size} is more than the {train_rows} training rows; try "full"')
        hidden = self.hidden if self.hidden is not None else recipe.hidden
        for width in hidden:
            settings.whole("hidden: a layer's width", width, most=settings.MOST_SIZE)
        usual = min(max(math.ceil(WORK / train_rows), 5), MOST_EPOCHS)
        chosen = dataclasses.replace(
            self,
            task="classification" if data.task == "classes" else "regression",
            target=self.target,
            hidden=hidden,
            activation=_activations(_first(self.activation, recipe.activation)),
            normalization=_normalization(self.normalization),
            output=_text(ACTIVATIONS, self.output),
            initializer=_text(INITIALIZERS, _first(self.initializer, recipe.initializer)),
            loss=_text(LOSSES, loss),
            optimizer=_text(OPTIMIZERS, optimizer, leave_out="learning_rate"),
            learning_rate=optimizer.learning_rate,
            schedule=_text(SCHEDULES, _first(self.schedule, "constant" if whole else recipe.schedule)),
            batch_size=batch_size,
            regularization=tuple(_text(REGULARIZERS, spec) or spec for spec in self.regularization),
            epochs=_first(self.epochs, MOST_EPOCHS if whole else recipe.epochs, usual),
            validation=self.validation if self.validation is not None else recipe.validation,
            scale=_first(self.scale, recipe.scale),
            scale_target=self._scale_target(loss, recipe),
            dtype=_first(self.dtype, "float32"),
            seed=_first(self.seed, 0),
            engine=_first(self.engine, "auto"),
            checkpoint_every=_cadence(self.checkpoint_every, optimizer),
            on_checkpoint_error=_first(self.on_checkpoint_error, "continue"),
        )
        assert chosen.epochs is not None
        settings.whole("epochs", chosen.epochs)
        if self.accumulate is not None:
            settings.whole("accumulate", self.accumulate)
        asked_regularizers(chosen.regularization)
        asked_metrics(loss, chosen.metrics)
        chosen.callbacks()
        if self.class_weight is not None:
            parse_class_weight(self.class_weight)
        return chosen

    def callbacks(self) -> list[Callback]:
        """Early stopping, written ``metric:patience=5``, and the time limit, where they are asked for."""
        found = []
        if self.early_stopping is not None:
            monitor, given = settings.parse(self.early_stopping)
            found.append(CALLBACKS.make({"name": "early_stopping", "monitor": monitor, **given}))
        if self.time_limit is not None:
            found.append(CALLBACKS.make({"name": "time_limit", "seconds": self.time_limit}))
        return found

    def _optimizer(self, recipe: Recipe) -> Optimizer:
        spec = _first(self.optimizer, recipe.optimizer)
        name, given = settings.parse(spec)
        if self.learning_rate is not None:
            if "learning_rate" in given:
                raise SettingError(f"the learning rate is given twice: in {spec!r} and by itself")
            given["learning_rate"] = self.learning_rate
        elif "learning_rate" not in given:
            rates, multiple = recipe.learning_rate, OPTIMIZERS[name].of_adams
            if name in rates:
                given["learning_rate"] = rates[name]
            elif multiple is not None and "adam" in rates:
                # written as people write it: 0.0005, not 0.0005000000000000001
                given["learning_rate"] = float(f"{rates['adam'] * multiple:.6g}")
        return OPTIMIZERS.make({"name": name, **given})

    def _scale_target(self, loss: Loss, recipe: Recipe) -> bool | None:
        if loss.task == "classes":
            return None
        if not loss.scales:
            if self.scale_target:
                raise SettingError(
                    f"{loss.name} takes the target as it is; standardized it would mean something else. Leave out "
                    "--scale-target, or try mean_squared_error"
                )
            return False
        return self.scale_target if self.scale_target is not None else recipe.scale != "none"


def _cadence(said: int | str | None, optimizer: Optimizer) -> int | str:
    """How often a checkpoint is written: each minute, unless told or the optimizer can have none."""
    if said is None:
        return NEVER if optimizer.full_batch else "1m"
    if said != NEVER:
        check_optimizer(optimizer)
        try:
            Every.of(said)
        except SettingError as problem:
            raise SettingError(f"{problem}; or never") from None
    return said


def _first(*options: Any) -> Any:
    """The first that was given."""
    return next((option for option in options if option is not None), None)


def default_loss(data: Dataset) -> str:
    return "cross_entropy" if data.task == "classes" else "mean_squared_error"


def suited_loss(loss: Loss, data: Dataset) -> Loss:
    """The loss for the task of these data; one that can't learn it is refused, and so is one for fewer classes."""
    suited = loss.for_task(data.task)
    if suited is None:
        right = ", ".join(name for name, cls in LOSSES.classes().items() if cls.task == data.task)
        has, task = ("classes", "regression") if data.task == "classes" else ("values", "classification")
        raise SettingError(
            f"{loss.name} is for {loss.task}, but the target has {has}; try {right}, or --task {task}"
        )
    if data.task == "classes":
        suited.outputs(len(data.names))
    return suited


def _activations(spec: str | tuple[str, ...]) -> str | tuple[str, ...]:
    """One for all hidden layers, or one each; some are layers, since they learn."""
    if isinstance(spec, tuple):
        return tuple(str(_activations(each)) for each in spec)
    known = activation_names()
    name = settings.parse(spec)[0]
    if name not in known:
        raise UnknownNameError(f"unknown activation {name!r:.80}.{settings.nearest(name, known)}")
    return str(_text(ACTIVATIONS if name in ACTIVATIONS else LAYERS, spec))


def _normalization(spec: str | None) -> str | None:
    known = normalization_names()
    name = None if spec is None else settings.parse(spec)[0]
    if name is not None and name not in known:
        raise UnknownNameError(f"unknown normalization {name!r:.80}.{settings.nearest(name, known)}")
    return _text(LAYERS, spec)


def _text(registry: Any, spec: Any, leave_out: str | None = None) -> str | None:
    """A thing in the command line's notation, with all settings that are not its defaults."""
    if spec is None:
        return None
    thing = registry.make(spec)
    defaults = {f.name: f.default for f in dataclasses.fields(thing)}
    given = {k: v for k, v in settings.plain(thing).items() if getattr(thing, k) != defaults[k] and k != leave_out}
    return settings.write(thing.name, given)
