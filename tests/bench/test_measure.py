"""Turns, ratios and verdicts: whoever computes another thing, fails or is missing gets no ratio."""

import sys

import numpy as np
import pytest

from chainrule.bench import measure as measuring
from chainrule.bench import targets
from chainrule.bench.crew import Crew, variants
from chainrule.bench.measure import Runner, compare, measure, middle, ratios
from chainrule.bench.peers import PEERS
from chainrule.bench.tables import Table, ratio
from chainrule.bench.tasks import Inference, Training, describe, flat
from chainrule.bench.work.scaling import slopes
from chainrule.bench.worker import Worker, settle

TASK = Training((10, 8, 3), 16, "sgd", 160, 0.1)


def silent(text):
    pass


@pytest.fixture(scope="module")
def crew():
    with Crew() as found:
        yield found


def test_a_row_has_times_ratios_and_agreement(crew):
    row = measure(crew, TASK, variants(["chainrule_numpy", "textbook", "floor"]), 3, 60.0, silent)
    assert row["name"] == "10-8-3:16:sgd"
    assert row["repeats"] == 3
    assert set(row["peers"]) == {"chainrule_numpy", "textbook", "floor"}
    assert row["peers"]["textbook"]["same"] is True
    assert row["peers"]["floor"]["same"] is None
    assert set(row["peers"]["textbook"]["variants"]) == {"1 thread", "2 threads"}
    for found in row["peers"].values():
        assert 0 < found["low"] <= found["median"] <= found["high"]
    found = row["ratios"]["chainrule_numpy"]
    assert set(found) == {"textbook", "floor"}
    pairs = zip(row["peers"]["floor"]["times"], row["peers"]["chainrule_numpy"]["times"], strict=True)
    assert found["floor"]["median"] == pytest.approx(np.median([a / b for a, b in pairs]))


def test_who_cannot_do_a_task_is_left_out_with_the_reason(crew):
    adam = Training((10, 8, 3), 16, "adam", 160, 1e-3)
    row = measure(crew, adam, variants(["chainrule_numpy", "textbook"]), 1, 1.0, silent)
    assert row["left_out"] == {"textbook": "it has gradient descent only"}
    assert row["ratios"] == {"chainrule_numpy": {}}


def test_a_process_that_ends_is_said_and_the_next_one_starts(crew):
    peer = PEERS.make("chainrule_numpy")
    crew.ask(peer, do="forget")
    (worker,) = crew._workers.values()
    worker.kill()
    worker.wait()
    assert "its process ended" in crew.ask(peer, do="forget")["failed"]
    assert crew.ask(peer, do="forget") == {}


def test_an_error_in_a_process_comes_back_in_one_line():
    answer = Worker().answer(
        {"do": "build", "key": "k", "peer": {"name": "x"}, "task": describe(TASK), "save": ""}
    )
    assert answer["failed"].startswith("UnknownNameError: unknown peer 'x'")
    assert "was lost" in Worker().answer({"do": "run", "key": "nobody"})["failed"]


def runner(name, answers, loss=1.0, seconds=(1.0,)):
    return Runner(PEERS.make(name), name, {"loss": loss}, answers, list(seconds))


def test_weights_that_differ_withhold_the_ratio():
    start = TASK.network().params.theta
    way = np.ones_like(start)
    ours = runner("chainrule_numpy", start + way)
    near, far = start + 1.001 * way, start + 1.02 * way
    assert compare(TASK, runner("pytorch", near), ours)["same"] is True
    assert compare(TASK, runner("pytorch", far), ours)["same"] is False
    assert compare(TASK, runner("pytorch", near, loss=1.01), ours)["same"] is False
    assert compare(TASK, runner("pytorch", near * np.nan), ours)["same"] is False
    asked = Inference((10, 8, 3), 1, 4)
    assert (
        compare(asked, runner("pytorch", np.array([0, 1, 2, 1])), runner("pytorch", np.array([0, 1, 2, 2])))[
            "same"
        ]
        is False
    )
    found = {
        "chainrule_numpy": {"times": [2.0, 4.0], "same": True},
        "pytorch": {"times": [6.0, 8.0], "same": True},
        "jax_scan": {"times": [1.0, 1.0], "same": False},
    }
    assert ratios(found, "chainrule_numpy") == {"pytorch": middle([3.0, 2.0]), "jax_scan": None}


def test_a_variant_many_times_as_slow_has_no_further_turns():
    quick, slow = runner("textbook", None), runner("textbook", None, seconds=(3.1,))
    other = runner("pytorch", None, seconds=(9.0,))
    assert [measuring._hopeless(r, [quick, slow, other]) for r in (quick, slow, other)] == [False, True, False]


def test_settling_ends_when_nothing_runs():
    assert settle(most=5.0) is None


def test_a_missing_library_is_named(monkeypatch):
    for name, library in (("jax_scan", "jax"), ("pytorch", "torch"), ("chainrule_fused", "numba")):
        monkeypatch.setitem(sys.modules, library, None)
        assert library in PEERS.make(name).missing()


def row(task, gear, **medians):
    found = {name: {"median": value, "low": value, "high": value} for name, value in medians.items()}
    return {"name": task.name, "task": describe(task), "ratios": {gear: found}}


def test_verdicts_take_the_worst_row_and_are_computed():
    narrow = [row(Training((d, 64, 2), 64, "sgd", 640, 0.1), "chainrule_numpy", floor=f, pytorch=p)
              for d, f, p in ((10, 1 / 1.5, 1.3), (20, 1 / 1.7, 1.25))]  # fmt: skip
    wide = row(Training((10, 1024, 2), 64, "sgd", 640, 0.1), "chainrule_numpy", floor=1 / 1.3, pytorch=0.8)
    found = {v.what: v for v in targets.verdicts({"training": [*narrow, wide]}) if v.measured is not None}
    assert found["step / products, narrow, SGD"].measured == pytest.approx(1.7)
    assert found["step / products, narrow, SGD"].row == "20-64-2:64:sgd"
    assert found["step / products, narrow, SGD"].met is False
    assert found["step / products, wide"].met is True
    assert found["PyTorch / step, narrow"].met is True
    assert found["PyTorch / step, wide"].met is False
    assert set(found) == {"step / products, narrow, SGD", "step / products, wide", "PyTorch / step, narrow",
                          "PyTorch / step, wide"}  # fmt: skip


def test_98_percent_that_was_not_reached_is_missed_however_quick():
    quick = {"goal": 98, "gear": "chainrule_numpy", "training": {"median": 0.1}}
    for reached in (True, False):
        (verdict,) = targets._others({"digits": [{**quick, "reached": reached}]})
        assert verdict.met is reached


def test_the_slope_of_a_power_law_is_its_power():
    points = [{"value": n, "medians": {"floor": 3 * n**1.5}} for n in (2, 8, 32)]
    found = slopes(points)
    assert found["whole"]["floor"] == pytest.approx(1.5)
    assert found["last"]["floor"] == pytest.approx(1.5)


def test_tables_for_a_terminal_and_a_document():
    table = Table("Title", ["name", "x"], [["a", "1"], ["bb", "22"]], ["note"])
    assert table.text().splitlines() == ["Title", "", "name   x", "a      1", "bb    22", "  note"]
    assert "| a | 1 |" in table.markdown()
    assert ratio({"median": 2.0, "low": 1.9, "high": 2.1}) == "2.00 ±5%"
    assert ratio({"median": 0.5, "low": 0.5, "high": 0.5}, inverse=True) == "2.00 ±0%"
    assert ratio(None) == "-"


def test_flat_is_the_order_of_the_network():
    np.testing.assert_array_equal(flat(TASK.data().layers), TASK.network().params.theta)
