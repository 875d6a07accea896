"""What the tests of runs share: a small table, and training it quickly."""

from contextlib import contextmanager

import numpy as np
import pytest

from chainrule.core.errors import ChainruleError
from chainrule.runs import Run, RunConfig
from chainrule.runs.directory import RunDirectory


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Every test works in an empty folder of its own, where runs/ may be made."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def houses(tmp_path):
    """A table of 60 rows: age and size are numbers, city and kind texts, price a quantity, rooms a few integers."""
    rng = np.random.default_rng(0)
    lines = ["age,city,size,kind,rooms,price"]
    for i in range(60):
        age, size = rng.uniform(0, 100), rng.uniform(20, 200)
        city, kind = ["Paris", "Rome", "Oslo"][i % 3], ["flat", "house"][int(size > 90)]
        lines.append(f"{age:.2f},{city},{size:.2f},{kind},{i % 4 + 1},{900 * size - 500 * age:.2f}")
    path = tmp_path / "houses.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


@pytest.fixture
def arrays(tmp_path):
    """``arrays(X, y)`` writes both and returns the options that name them."""

    def write(X, y, name="X"):
        np.save(tmp_path / f"{name}.npy", X)
        np.save(tmp_path / f"{name}_y.npy", y)
        return {"source": str(tmp_path / f"{name}.npy"), "target": str(tmp_path / f"{name}_y.npy")}

    return write


@pytest.fixture
def trained(tmp_path):
    """``trained("first", source=...)`` trains into that folder; returns the run, the result and the folder."""

    def train(folder, **options):
        run = Run(RunConfig(**{"epochs": 2, **options}))
        place = RunDirectory(tmp_path / folder, run.config.source)
        return run, run.train_in(place), place.path

    return train


@pytest.fixture
def refused():
    """``with refused(InputError, "..."):`` expects that error, in one line."""

    @contextmanager
    def check(error, match):
        with pytest.raises(error, match=match) as caught:
            yield caught
        assert isinstance(caught.value, ChainruleError)
        assert "\n" not in str(caught.value)

    return check
