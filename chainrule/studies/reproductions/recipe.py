"""What a reproduction is: a published figure, and the recipe that should give it, read from a TOML file."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from chainrule.core import files, settings
from chainrule.core.errors import FileError, SettingError, UnknownNameError
from chainrule.core.settings import number, whole

FOLDER = Path(__file__).parent
MOST_BYTES = 100_000
HELD = 50_000  # training images before those that many sources keep apart for validation


@dataclass(frozen=True)
class Source:
    """Where the figure was published."""

    authors: str
    year: int
    title: str
    where: str


@dataclass(frozen=True)
class Figure:
    """The published number: ``value``, in percent as printed, of the measure "accuracy" or "error".

    It is the ``mean`` of so many ``runs``, a ``single`` one or the ``best`` of them; of each run the ``last``
    epoch or the ``best``; on MNIST's ``test`` images or on ``held`` ones, the last 10,000 of the training images.
    ``step`` is the last printed digit, ``spread`` the standard deviation over runs where the source gives it, and
    ``chosen`` says what part the judged images had in choosing what was printed.
    """

    measure: Literal["accuracy", "error"]
    value: float
    step: float
    chosen: str
    pick: Literal["mean", "single", "best"] = "single"
    runs: int = 1
    epoch: Literal["last", "best"] = "last"
    images: Literal["test", "held"] = "test"
    spread: float | None = None

    def __post_init__(self) -> None:
        number("figure: value", self.value, above=0, below=100)
        number("figure: step", self.step, above=0)
        whole("figure: runs", self.runs, least=1 if self.pick == "single" else 2)
        if self.pick == "single" and self.runs != 1:
            raise SettingError(f"figure: a single run is 1 run, not {self.runs}; try pick = mean, or best")

    @property
    def accuracy(self) -> float:
        """Percent, whatever the measure."""
        return self.value if self.measure == "accuracy" else 100 - self.value


@dataclass(frozen=True)
class Inputs:
    """The rows that are learned from, the first ``images`` of the training images, and what their pixels become.

    ``levels`` are the numbers of the background and of full ink; ``standardize`` gives each pixel mean 0 and
    variance 1 over the training rows instead.
    """

    images: int = 60_000
    levels: tuple[float, ...] = (0.0, 1.0)
    standardize: bool = False

    def __post_init__(self) -> None:
        whole("inputs: images", self.images, most=60_000)
        if len(self.levels) != 2:
            raise SettingError(f"inputs: levels are two numbers, of background and of ink; not {self.levels}")


@dataclass(frozen=True)
class Network:
    """``initializer`` and ``biases`` are names of initializers; a bias is drawn as a weight of its unit would."""

    hidden: tuple[int, ...]
    activation: str
    output: str | None = None
    dropout: float = 0.0
    input_dropout: float = 0.0
    initializer: str | None = None
    biases: str = "zeros"


@dataclass(frozen=True)
class Training:
    """What ``fit`` is given. ``targets``: class labels, 0 and 1 one-hot, or -1 and 1."""

    loss: str
    optimizer: str
    batch_size: int
    epochs: int
    targets: Literal["labels", "one_hot", "plus_minus"] = "labels"
    schedule: str = "constant"
    regularization: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recipe:
    """One reproduction. It is trained by ``fit``, or where ``estimator`` holds parameters, by MLPClassifier.

    ``assumed`` lists what the source does not say, ``differs`` what is knowingly done otherwise. Where settings of
    ``training`` are open ``options`` are tried, for their own epochs, on held-out training images, and the best is
    taken. ``minutes`` is about how long one seed takes on one core.
    """

    name: str
    title: str
    source: Source
    figure: Figure
    inputs: Inputs
    network: Network
    minutes: float
    training: Training | None = None
    estimator: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    assumed: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()
    options: tuple[Mapping[str, Any], ...] = ()

    def __post_init__(self) -> None:
        if (self.training is None) == (not self.estimator):
            raise SettingError(f"{self.name}: a recipe has either [training] or [estimator]")
        for option in self.options:
            self._changed(option)

    @property
    def hours(self) -> bool:
        """Whether a seed takes so long that ``reproduce all`` leaves it out."""
        return self.minutes >= 60

    @property
    def activation(self) -> str:
        """Its name."""
        return self.network.activation.partition(":")[0]

    @property
    def layers(self) -> str:
        """``784-30-10 sigmoid``."""
        return f"{'-'.join(map(str, [784, *self.network.hidden, 10]))} {self.activation}"

    def with_option(self, option: Mapping[str, Any]) -> Recipe:
        """The same with some settings of the training changed."""
        return dataclasses.replace(self, training=self._changed(option))

    def taking(self, option: Mapping[str, Any]) -> Recipe:
        """The same with the option for its own, but for the epochs, which were those of trying it."""
        return self.with_option({key: value for key, value in option.items() if key != "epochs"})

    def _changed(self, option: Mapping[str, Any]) -> Training:
        if self.training is None:
            raise SettingError(f"{self.name}: options are of [training], which this recipe has not")
        return settings.build(Training, settings.plain(self.training) | dict(option), f"{self.name}: options")

    def fingerprint(self) -> str:
        """Of all that a result depends on; a change of words leaves it as it is."""
        training = None if self.training is None else settings.plain(self.training)
        parts = [settings.plain(self.inputs), settings.plain(self.network), training, dict(self.estimator)]
        judged = [self.figure.images]
        return hashlib.sha256(json.dumps([parts, judged], sort_keys=True).encode()).hexdigest()[:16]


def told(option: Mapping[str, Any]) -> str:
    """``optimizer sgd:learning_rate=0.1, regularization l2:strength=1e-4``."""
    parts = (
        (key, " ".join(map(str, value)) if isinstance(value, list) else value) for key, value in option.items()
    )
    return ", ".join(f"{key} {value}" for key, value in parts)


def names() -> tuple[str, ...]:
    """Of all recipes, sorted: the files of the folder."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


def load(name: str) -> Recipe:
    """A recipe by name; UnknownNameError names the nearest."""
    if name not in names():
        raise UnknownNameError(f"there is no reproduction {settings.show(name)}.{settings.nearest(name, names())}")
    return read(FOLDER / f"{name}.toml")


def read(path: Path) -> Recipe:
    """The recipe of a file, strictly: unknown keys, wrong types and missing facts are errors."""
    try:
        given = tomllib.loads(files.read(path, "a recipe", MOST_BYTES).decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise FileError(f"{path} is no TOML: {problem}") from None
    if isinstance(given.get("options"), list) and isinstance(given.get("training"), dict):
        given["training"] = {**given["options"][0], **given["training"]}
    tables: dict[str, type[Any]] = {"source": Source, "figure": Figure, "inputs": Inputs, "network": Network}
    if "training" in given:
        tables["training"] = Training
    parts: dict[str, Any] = {
        key: settings.build(cls, given.pop(key, {}), f"{path.name}: [{key}]") for key, cls in tables.items()
    }
    parts |= {key: tuple(given.pop(key, ())) for key in ("assumed", "differs", "options")}
    parts |= {"estimator": given.pop("estimator", {}), "minutes": given.pop("minutes", None)}
    parts["title"] = settings.convert(given.pop("title", None), str, f"{path.name}: title")
    number(f"{path.name}: minutes", parts["minutes"], above=0)
    if given:
        raise SettingError(f"{path.name} has no part {sorted(given)[0]!r}")
    return Recipe(name=path.stem, **parts)
