"""The kinds of work that run in processes of their own, and the pictures."""

import sys

import numpy as np
import pytest

from chainrule.bench import cold_start, mapped_rows, recipes
from chainrule.bench.crew import Crew, variants
from chainrule.bench.tasks import Training
from chainrule.bench.work import WORK, Session, imports, memory, scaling
from chainrule.bench.work.imports import Imports
from chainrule.bench.work.memory import write_rows
from chainrule.core.errors import ChainruleError


@pytest.fixture
def session(tmp_path):
    with Crew() as crew:
        yield Session(crew, variants(["chainrule_numpy"]), 1, 1.0, lambda text: None)


def test_imports_are_measured_over_numpy(session, monkeypatch):
    monkeypatch.setattr(imports, "TIMES", 2)
    found = Imports().run(session)
    assert [row["name"] for row in found] == ["import chainrule", "and what a training needs"]
    assert all(time > 0 for row in found for time in row["times"])
    assert found[0]["milliseconds"]["median"] < found[1]["milliseconds"]["median"]
    (table,) = Imports().tables(found)
    assert len(table.rows) == 2


@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_memory_of_a_mapped_file(tmp_path, dtype):
    pytest.importorskip("resource")
    path = tmp_path / "rows.npy"
    write_rows(path, 60_000, np.dtype(dtype))
    assert np.load(path, mmap_mode="r", allow_pickle=False).shape == (60_000, 100)
    found = mapped_rows.main(str(path), "chainrule_numpy")
    assert found["data"] == pytest.approx(60_000 * 100 * np.dtype(dtype).itemsize / 1e6)
    assert found["private"] >= 0
    assert found["step"] > 0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it reads /proc")
def test_the_sampler_sees_what_a_process_holds():
    with mapped_rows.Sampler() as sampler:
        held = np.ones(50_000_000, np.uint8)
        for _ in range(20):
            held += 1
    assert 40e6 < sampler.most < 120e6


def test_memory_and_tenfold_are_shown(session, monkeypatch):
    monkeypatch.setattr(memory, "ROWS", 20_000)
    found = WORK.make("memory").run(session)
    assert [row["gear"] for row in found] == ["chainrule_numpy"]
    (table,) = WORK.make("memory").tables(found)
    assert table.rows[0][0] == "chainrule, NumPy"


@pytest.mark.thorough
def test_scaling_has_slopes_for_everybody(session, monkeypatch):
    monkeypatch.setattr(memory, "ROWS", 20_000)
    small = {n: Training((10, 8, 3), n, "adam", 4 * n, 1e-3) for n in (64, 128)}
    monkeypatch.setattr(scaling, "AXES", {"batch": small})
    found = WORK.make("scaling").run(session)
    assert set(found["slopes"]["batch"]["whole"]) == {"chainrule_numpy"}
    assert [(row["rows"], row["dtype"]) for row in found["tenfold"]] == [
        (2000, "float32"),
        (20_000, "float32"),
        (2000, "uint8"),
        (20_000, "uint8"),
    ]
    first, last = WORK.make("scaling").tables(found)
    assert [row[0] for row in first.rows] == ["64", "128", "slope", "slope of the last two"]
    assert len(last.rows) == 4


def test_a_process_that_fails_is_one_line():
    from chainrule.bench.work._process import python

    with pytest.raises(ChainruleError, match="failed with exit code 1: ValueError: no"):
        python("-c", "raise ValueError('no')")


@pytest.mark.thorough
def test_a_cold_start_learns_the_digits(monkeypatch):
    monkeypatch.setitem(recipes.RECIPES, 97, recipes.Recipe((16,), 256, 1, 1e-2))
    found = cold_start.main("chainrule_numpy", 97, 0)
    assert 85 < found["accuracy"] < 97
    assert found["training"] > 0
    assert found["loading"] > 0


def test_a_median_below_the_goal_is_not_reached():
    from chainrule.bench.work.digits import Digits, _row

    runs = [
        {"accuracy": a, "training": 1.0, "loading": 1.0, "process": 3.0} for a in (97.8, 97.9, 98.1, 97.9, 98.2)
    ]
    row = _row(98, {"hidden": [8], "batch_size": 4, "epochs": 1, "peak": 0.1}, "chainrule_numpy", runs)
    assert row["reached"] is False
    assert _row(98, row["recipe"], "chainrule_numpy", [*runs[2:], *runs[2:]])["reached"] is True
    (table,) = Digits().tables([row])
    assert table.notes == ["98 %: 784-8-10, batch 4, 1 epoch, Adam, one cycle up to 0.1"]


def test_pictures_show_everybody():
    pytest.importorskip("matplotlib")
    from chainrule import plots

    bars = [plots.Bar("chainrule, NumPy", 2.0, 1.0, 3.0, True), plots.Bar("PyTorch", 4.0, 4.0, 4.0)]
    figure = plots.benchmark({"a": (bars, 1.5), "b": (bars[:1], None)}, "title")
    first, second = figure.axes
    assert [text.get_text() for text in first.get_yticklabels()] == ["chainrule, NumPy", "PyTorch"]
    assert [bar.get_width() for bar in first.patches] == [2.0, 4.0]
    assert list(first.lines[-1].get_xdata()) == [1.5, 1.5]
    assert len(second.patches) == 1
    grown = plots.scaling({"batch": [plots.Growth("us", [1, 10], [2, 20], 1.0)]}, "title", "µs")
    (ax,) = grown.axes
    assert ax.get_legend().get_texts()[0].get_text() == "us, slope 1.00"
    assert ax.get_xscale() == "log"
