"""Opening what a user calls the source: a data set by name, a table, or arrays in files."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.core import checks, guards
from chainrule.core.errors import FileError, InputError, SettingError, ShapeError, UnknownNameError
from chainrule.core.settings import nearest, show
from chainrule.core.table import Table, as_number
from chainrule.core.text import short_list
from chainrule.core.types import Array
from chainrule.datasets import DATASETS, Dataset, Recipe
from chainrule.network import Network
from chainrule.readers import READERS, read
from chainrule.runs.config import RunConfig
from chainrule.targets import Target
from chainrule.targets.classes import Classes
from chainrule.training.leaks import FEWEST, coincidence

TABLE = Recipe(validation=0.2, learning_rate={"adam": 5e-3, "sgd": 0.05})
TASKS = {"classes": "classification", "values": "regression"}
MOST_CLASSES = 20  # different whole numbers in a target that is taken for classes


def open_source(config: RunConfig) -> tuple[Dataset, Recipe]:
    """The data of a source, and what trains well on it."""
    name = _dataset_name(config.source)
    if name in DATASETS:
        if config.target or config.ignore:
            raise SettingError(f"--target and --ignore are for files; {name} has its own target")
        if config.weight_column:
            raise SettingError(f"--weight-column is for files; the rows of {name} have no weights")
        source = DATASETS.make(config.source)
        found = source.load(Path(config.data_dir) if config.data_dir else None)
        if config.task not in (None, TASKS[found.task]):
            raise SettingError(f"--task is for files; {name} is a {TASKS[found.task]}")
        return found, source.recipe
    data = read_file(config.source)
    if isinstance(data, Table):
        return table_data(data, config), TABLE
    return array_data(data, config), TABLE


def read_file(source: str) -> Array | Table:
    """The features of a file; an unknown name is answered with the nearest known."""
    path = Path(source)
    if not source:
        raise UnknownNameError(f"there is no data set and no file ''.{nearest('', DATASETS)}")
    if source.encode("utf-8", "replace").decode("utf-8") != source:
        raise SettingError(f"the source {show(source)} is no UTF-8 and can't be written down; rename the file")
    if path.is_dir():
        raise FileError(f"{source!r:.200} is a folder; expected a data set or a file")
    if path.suffix.lstrip(".").lower() not in READERS and not path.exists():
        endings = ", ".join(f".{ending}" for ending in READERS)
        raise UnknownNameError(f"there is no data set and no file {source!r:.200}.{nearest(source, DATASETS)} "
                         f"Files end in {endings}")  # fmt: skip
    return read(path)


def table_data(table: Table, config: RunConfig) -> Dataset:
    """A table with a target column; what the target is, is found out unless ``task`` says it."""
    if config.target is None:
        raise SettingError(
            f"{table.source} needs --target COLUMN, the column to predict. It has {short_list(table.names)}"
        )
    columns = (
        [name.strip() for name in config.target.split(",")]
        if config.target not in table.names
        else [config.target]
    )
    if len(set(columns)) != len(columns):
        raise SettingError(f"--target names a column twice: {config.target}")
    ignored = f"; without {short_list(config.ignore)}" if config.ignore else ""
    weight = None if config.weight_column is None else table.numbers(config.weight_column)
    features = table.without([*columns, *config.ignore, *([config.weight_column] if config.weight_column else [])])
    for column in columns:
        refuse_copies(features, column, table[column])
    classes, why = _is_classes(table, columns, config.task)
    if classes:
        y, names = class_ids(table.texts(columns[0]))
        if len(names) < 2:
            raise InputError(
                f"{table.source}: the target {columns[0]!r} is {names[0]!r:.60} in every row; nothing to learn"
            )
        choice = f"target {columns[0]}: {len(names)} classes ({why}){ignored}"
        return Dataset(
            table.source, features, y, "classes", names, column=columns[0], choices=(choice,), weight=weight
        )
    values = np.column_stack([table.numbers(column) for column in columns])
    choice = f"target {', '.join(columns)}: a quantity ({why}){ignored}"
    return Dataset(
        table.source,
        features,
        values,
        "values",
        tuple(columns),
        column=columns[0],
        choices=(choice,),
        weight=weight,
    )


def refuse_copies(features: Table, target: str, answers: Array) -> None:
    """InputError where a column is the target under another name: the same texts or numbers throughout."""
    for name in features.names:
        cells = features[name]
        if not _equal(cells[:FEWEST], answers[:FEWEST]) or not _equal(cells, answers):
            continue
        if not coincidence(np.asarray(answers, str), len(features.names)):
            guards.refuse(
                InputError(
                    f"{features.source}: the column {name!r:.60} is the target {target!r:.60} under another name, "
                    f"equal in all {len(cells):,} rows; leave it out with --ignore",
                    guard="target-in-features",
                )
            )


def _equal(cells: Array, others: Array) -> bool:
    """Whether they are the same cell by cell; 1 and 1.0 are."""
    return all(
        one == other or (as_number(one) is not None and as_number(one) == as_number(other))
        for one, other in zip(cells, others, strict=True)
    )


def _is_classes(table: Table, columns: list[str], task: str | None) -> tuple[bool, str]:
    """Whether the target is classes, and why: texts are; whole numbers are if there are few of them."""
    for column in columns:
        table[column]
    if len(columns) > 1:
        if task == "classification":
            raise SettingError("classification has one target column; several are for regression")
        return False, "several target columns"
    column = columns[0]
    if task is not None:
        return task == "classification", "as --task says"
    if not table.is_numeric(column):
        return True, "it holds text; --task regression overrules"
    values = table.numbers(column)
    different = len(np.unique(values))
    if (values == np.round(values)).all() and different <= min(MOST_CLASSES, max(2, len(values) // 5)):
        return True, f"{different} different whole numbers; --task regression overrules"
    return False, f"{different} different numbers; --task classification overrules"


def class_ids(texts: Array) -> tuple[Array, tuple[str, ...]]:
    """Ids from 0 and the names: texts in the alphabet's order, numbers in theirs; 1 and 1.0 are one class."""
    names = set(texts.tolist())
    numbers = {name: as_number(name) for name in names}
    if all(number is not None and math.isfinite(number) for number in numbers.values()):
        first: dict[float, str] = {}
        for name in sorted(names, key=lambda name: (len(name), name)):
            first.setdefault(float(numbers[name] or 0.0), name)
        ordered = [first[number] for number in sorted(first)]
    else:
        ordered = sorted(names)
    classes = Classes(tuple(ordered)) if len(ordered) > 1 else None
    return (np.zeros(len(texts), np.intp) if classes is None else classes.encode(texts)), tuple(ordered)


def array_data(X: Array, config: RunConfig) -> Dataset:
    """A pair of .npy files: features, and the target named by ``--target``."""
    if config.target is None:
        raise SettingError("an .npy source needs --target FILE.npy, the array of answers")
    if config.ignore:
        raise SettingError("--ignore is for tables; an array's columns have no names")
    y = _array(config.target)
    if X.ndim != 2:
        raise ShapeError(
            f"{config.source} has shape {X.shape}; expected (rows, features). Try X.reshape(len(X), -1)"
        )
    if y.ndim == 0:
        raise ShapeError(f"{config.target} has shape (), a single number; expected an answer a row")
    checks.same_length(config.source, X, y)
    weight = None
    if config.weight_column is not None:
        weight = checks.numeric(config.weight_column, _array(config.weight_column)).reshape(-1)
        checks.same_length(config.source, X, weight)
    name, texts = Path(config.source).name, y.dtype.kind in "US"
    flat = y.reshape(-1) if y.ndim == 1 or y.shape[1:] == (1,) else None
    whole = y.dtype.kind in "biu" and flat is not None and len(np.unique(flat)) <= MOST_CLASSES
    if config.task == "classification" or (config.task is None and (texts or whole)):
        if flat is None:
            raise ShapeError(f"{config.target} has shape {y.shape}; classes come one a row, (rows,)")
        ids, names = class_ids(np.array([str(value) for value in flat], dtype=object))
        if len(names) < 2:
            raise InputError(f"{config.target} is {names[0]!r:.60} in every row; nothing to learn")
        choice = f"target {Path(config.target).name}: {len(names)} classes (--task regression overrules)"
        return Dataset(name, X, ids, "classes", names, choices=(choice,), weight=weight)
    values = checks.matrix(config.target, y[:, None] if y.ndim == 1 else y, np.dtype("float64"))
    names = tuple(f"y{i}" for i in range(values.shape[1]))
    choice = f"target {Path(config.target).name}: a quantity (--task classification overrules)"
    return Dataset(name, X, values, "values", names, choices=(choice,), weight=weight)


def rows_for(
    network: Network,
    source: str,
    part: str | None,
    data_dir: Path | None,
    *,
    answers: bool,
    target: str | None = None,
) -> tuple[Any, Any, str]:
    """Features, answers (None unless wanted) and the name of the part, for a trained network.

    A table is read by the columns the network knows; of a data set the test rows are taken where there are any.
    """
    if _dataset_name(source) in DATASETS:
        data = DATASETS.make(source).load(data_dir)
        if part == "test" and data.test is None:
            raise InputError(f"{source} has no test rows; leave out --part")
        chosen = "test" if data.test is not None and part != "training" else "training"
        X, y = (data.X, data.y) if chosen == "training" or data.test is None else data.test
        return X, y, chosen
    features = read_file(source)
    if not answers:
        return features, None, "all"
    if network.target is None:
        raise InputError("this model doesn't know what its outputs mean; train it with chainrule train")
    if isinstance(features, Table):
        return features, _table_answers(features, network.target, target), "all"
    if target is None:
        raise SettingError("an .npy source needs --target FILE.npy, the array of answers")
    y = _array(target)
    if y.ndim == 0:
        raise ShapeError(f"{target} has shape (), a single number; expected an answer a row")
    checks.same_length(source, features, y)
    if isinstance(network.target, Classes):
        texts = np.array([str(value) for value in y.reshape(-1)], dtype=object)
        return features, network.target.encode(texts), "all"
    y = checks.numeric(target, y)
    return features, np.array(y[:, None] if y.ndim == 1 else y, float), "all"


def _array(path: str) -> Array:
    found = read(Path(path))
    if isinstance(found, Table):
        raise InputError(f"{path} is a table; the target of an .npy source is an .npy array")
    return np.char.decode(found, "utf-8", "replace") if found.dtype.kind == "S" else found


def _table_answers(table: Table, target: Target, column: str | None) -> Array:
    if isinstance(target, Classes):
        name = column or target.column
        texts = table.texts(name)
        for line, text in zip(table.lines, texts, strict=True):
            if not target.knows(text):
                raise InputError(
                    f"{table.source}, line {line}: {show(name)} is {show(text, 60)}, a class that training "
                    f"never saw.{nearest(text, target.names)}"
                )
        return target.encode(texts)
    columns = target.names if column is None else tuple(name.strip() for name in column.split(","))
    if len(columns) != len(target.names):
        raise SettingError(
            f"this model predicts {len(target.names)} quantities; --target names {len(columns)} columns"
        )
    return np.column_stack([table.numbers(name) for name in columns])


def _dataset_name(source: str) -> str:
    return source.partition(":")[0]
