"""scikit-learn's MLPs and chainrule's on scikit-learn's data sets: score and seconds to fit, side by side.

    python benchmarks/estimators.py [--seeds 5] [--sets iris,wine] [--no-write]

5-fold cross-validation, the folds drawn anew for each seed; the same folds, seeds and settings for both, fitted in
turns, so that what else the machine does meets both. Features are standardized, and so are the targets of
regressions, on the training rows. A score is the mean over the seeds of the 5-fold accuracy or R^2, with the
standard deviation over the seeds; the seconds are those of one fit, medians over all. "default" is what the
constructors say; "tuned" has a smaller batch, a larger rate, a stronger penalty and fewer epochs; "one cycle" is
that with half of the epochs and a schedule that only chainrule has. The table goes into docs/estimators.md.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from sklearn import datasets, neural_network
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from chainrule.estimators import MLPClassifier, MLPRegressor

PAGE = Path(__file__).parents[1] / "docs" / "estimators.md"
START, END = "<!-- the table of benchmarks/estimators.py -->", "<!-- end of the table -->"
Data = tuple[np.ndarray, np.ndarray]
CLASSES: dict[str, Callable[[], Data]] = {
    "iris": lambda: datasets.load_iris(return_X_y=True),
    "wine": lambda: datasets.load_wine(return_X_y=True),
    "breast cancer": lambda: datasets.load_breast_cancer(return_X_y=True),
    "digits": lambda: datasets.load_digits(return_X_y=True),
    "make_moons": lambda: datasets.make_moons(1000, noise=0.3, random_state=0),
    "make_classification": lambda: datasets.make_classification(
        2000, 40, n_informative=15, n_classes=4, random_state=0
    ),
}
VALUES: dict[str, Callable[[], Data]] = {
    "diabetes": lambda: datasets.load_diabetes(return_X_y=True),
    "linnerud": lambda: datasets.load_linnerud(return_X_y=True),
    "make_friedman1": lambda: datasets.make_friedman1(1000, noise=1.0, random_state=0),
    "make_regression": lambda: datasets.make_regression(1000, 30, noise=20.0, random_state=0),
}
SMALL = 500  # rows; below it the penalty is ten times as strong
TUNED = {"hidden_layer_sizes": (64,), "learning_rate_init": 0.005, "batch_size": 32, "max_iter": 60}
OWN = TUNED | {"learning_rate": "one_cycle", "learning_rate_init": 0.01, "max_iter": 30, "tol": 0.0}
SETTINGS: dict[str, dict[str, Any]] = {"default": {}, "tuned": TUNED, "one cycle": OWN}


def model(library: str, task: str, settings: dict[str, Any], seed: int) -> Any:
    ours, theirs = (MLPClassifier, MLPRegressor), (neural_network.MLPClassifier, neural_network.MLPRegressor)
    cls = (theirs if library == "scikit-learn" else ours)[task == "values"]
    whole = make_pipeline(StandardScaler(), cls(random_state=seed, **settings))
    return whole if task == "classes" else TransformedTargetRegressor(whole, transformer=StandardScaler())


def compare(task: str, data: Data, settings: dict[str, Any], libraries: list[str], seeds: int) -> dict[str, Any]:
    """Of each library the score of each seed, and the seconds of every fit."""
    X, y = data
    found: dict[str, Any] = {library: ([], []) for library in libraries}
    for seed in range(seeds):
        folds = (StratifiedKFold if task == "classes" else KFold)(5, shuffle=True, random_state=seed)
        scores: dict[str, list[float]] = {library: [] for library in libraries}
        for train, test in folds.split(X, y):
            for library in libraries:
                fitted = model(library, task, settings, seed)
                start = time.perf_counter()
                fitted.fit(X[train], y[train])
                found[library][1].append(time.perf_counter() - start)
                scores[library].append(fitted.score(X[test], y[test]))
        for library in libraries:
            found[library][0].append(statistics.mean(scores[library]))
    return found


def cell(scores: list[float]) -> str:
    spread = statistics.stdev(scores) if len(scores) > 1 else 0.0
    return f"{statistics.mean(scores):.3f} ± {spread:.3f}"


def line(name: str, data: Data, setting: str, found: dict[str, Any]) -> str:
    ours, theirs = found["chainrule"], found.get("scikit-learn")
    seconds = statistics.median(ours[1])
    size = f"{data[0].shape[0]:,} × {data[0].shape[1]}"
    if theirs is None:
        return f"| {name} | {size} | {setting} | – | {cell(ours[0])} | – | {seconds:.3f} | – |"
    slow = statistics.median(theirs[1])
    return (
        f"| {name} | {size} | {setting} | {cell(theirs[0])} | {cell(ours[0])} | {slow:.3f} | {seconds:.3f} "
        f"| {slow / seconds:.1f} |"
    )


def table(names: list[str], seeds: int) -> list[str]:
    lines = [
        "| data | rows × features | setting | scikit-learn | chainrule | s | s | times faster |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for task, sets in (("classes", CLASSES), ("values", VALUES)):
        for name in (name for name in sets if name in names):
            data = sets[name]()
            for setting, given in SETTINGS.items():
                settings = given and {**given, "alpha": 1.0 if len(data[0]) < SMALL else 0.1}
                libraries = ["chainrule"] if setting == "one cycle" else ["scikit-learn", "chainrule"]
                lines.append(line(name, data, setting, compare(task, data, settings, libraries, seeds)))
                print(lines[-1], flush=True)
    return lines


def write(lines: list[str], seeds: int) -> None:
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(START)
    after = rest.split(END)[1]
    note = f"`python benchmarks/estimators.py --seeds {seeds}`:"
    PAGE.write_text(f"{before}{START}\n{note}\n\n" + "\n".join(lines) + f"\n\n{END}{after}", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--sets", default=",".join([*CLASSES, *VALUES]), help="names, with commas between")
    parser.add_argument("--no-write", action="store_true", help="print the table only")
    options = parser.parse_args()
    names = options.sets.split(",")
    if unknown := set(names) - {*CLASSES, *VALUES}:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join([*CLASSES, *VALUES])}")
    warnings.simplefilter("ignore", ConvergenceWarning)
    warnings.filterwarnings("ignore", "Got `batch_size` less than 1")  # linnerud has 20 rows
    model("chainrule", "classes", {"max_iter": 1}, 0).fit(*CLASSES["iris"]())  # what is loaded at the first call
    lines = table(names, options.seeds)
    if not options.no_write:
        write(lines, options.seeds)


if __name__ == "__main__":
    main()
