"""The guards as they meet runs: a copy of the target in a table, and what never is one."""

from pathlib import Path

import numpy as np
import pytest

from chainrule.core.errors import InputError
from chainrule.core.guards import collected
from chainrule.runs import RunConfig
from chainrule.runs.sources import open_source


def table(columns, target="y", **options):
    """The data set of a CSV with these columns."""
    rows = zip(*columns.values(), strict=True)
    Path("t.csv").write_text("\n".join([",".join(columns), *[",".join(map(str, row)) for row in rows]]) + "\n")
    return open_source(RunConfig(source="t.csv", target=target, **options))[0]


rng = np.random.default_rng(0)
PRICES, SIZES = rng.uniform(1, 9, 40).round(3).tolist(), rng.uniform(1, 9, 40).round(2).tolist()
KINDS = rng.choice(["cat", "dog", "emu"], 40).tolist()


@pytest.mark.parametrize("kind", ["quantity", "classes", "written otherwise"])
def test_a_copy_of_the_target_is_refused_by_name(kind):
    y = KINDS if kind == "classes" else PRICES
    copy = [f"{value:.5f}" for value in y] if kind == "written otherwise" else y
    with pytest.raises(
        InputError, match=r"the column 'cost' is the target 'y' under another name.*all 40"
    ) as refused:
        table({"size": SIZES, "cost": copy, "y": y})
    assert refused.value.guard == "target-in-features"
    assert "--ignore" in str(refused.value)
    assert len(table({"size": SIZES, "cost": copy, "y": y}, ignore=("cost",))) == 40
    with collected() as found:
        assert len(table({"size": SIZES, "cost": copy, "y": y})) == 40
    assert [error.guard for error in found] == ["target-in-features"]


def test_a_copy_of_one_of_several_targets():
    with pytest.raises(InputError, match="'cost' is the target 'price'"):
        table({"cost": PRICES, "size": SIZES, "price": PRICES}, target="size,price")


def test_what_is_no_copy():
    off = [*PRICES[:-1], PRICES[-1] + 1]
    data = {"size": SIZES, "nearly": off, "twice": [2 * p for p in PRICES], "y": PRICES}
    assert len(table(data)) == 40
    codes = [["cat", "dog", "emu"].index(kind) for kind in KINDS]  # says the same, in other words
    assert len(table({"size": SIZES, "code": codes, "y": KINDS})) == 40


@pytest.mark.parametrize("rows", [4, 19])
def test_few_rows_may_be_equal(rows):
    assert len(table({"a": PRICES[:rows], "y": PRICES[:rows]})) == rows


def test_a_truth_table_is_no_copy():
    a, b = [0, 0, 1, 1] * 20, [0, 1, 0, 1] * 20
    for answers in ([p & q for p, q in zip(a, b, strict=True)], [p ^ q for p, q in zip(a, b, strict=True)]):
        assert len(table({"a": a, "b": b, "y": answers})) == 80


def test_two_columns_of_one_rare_answer_may_be_equal_by_chance():
    rare = ["yes" if i == 7 else "no" for i in range(40)]
    assert len(table({"a": rare, "b": SIZES, "y": rare})) == 40
