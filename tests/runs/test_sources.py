"""Opening a source: what the target is taken for, and what is refused."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from chainrule.core.errors import FileError, InputError, SettingError, ShapeError, UnknownNameError
from chainrule.runs import Run, RunConfig
from chainrule.runs.sources import open_source


def opened(**options):
    return open_source(RunConfig(**options))[0]


def column(values, task=None):
    lines = ["a,y", *[f"{i},{value}" for i, value in enumerate(values)]]
    Path("t.csv").write_text("\n".join(lines) + "\n")
    return opened(source="t.csv", target="y", task=task)


# -- what the target is -------------------------------------------------------------------------------------


def test_texts_are_classes_in_the_order_of_the_alphabet():
    data = column(["dog", "cat", "emu", "cat"])
    assert data.task == "classes"
    assert data.names == ("cat", "dog", "emu")
    assert data.y.tolist() == [1, 0, 2, 0]
    assert data.column == "y"
    assert data.choices == ("target y: 3 classes (it holds text; --task regression overrules)",)


def test_a_few_whole_numbers_are_classes_in_the_order_of_numbers():
    data = column(["10", "9", "-1"] * 5)
    assert data.task == "classes"
    assert data.names == ("-1", "9", "10")
    assert data.y.tolist() == [2, 1, 0] * 5
    assert data.choices == ("target y: 3 classes (3 different whole numbers; --task regression overrules)",)


@pytest.mark.parametrize(
    ("values", "task"),
    [
        ([0, 1], "classes"),
        ([0, 1, 2], "values"),  # three different numbers in three rows
        ([0, 1, 2] * 5, "classes"),
        ([*range(20)] * 5, "classes"),
        ([*range(20)] * 4, "values"),  # fewer than five rows a number
        ([*range(21)] * 10, "values"),
        ([0.5, 1.5] * 10, "values"),
        ([1.0, 2.0] * 10, "classes"),
        ([0, 1, 0.25] * 10, "values"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{len(set(value))} in {len(value)}",
)
def test_whole_numbers_are_classes_if_there_are_few_of_them(values, task):
    data = column(values)
    assert data.task == task
    other = {"classes": "regression", "values": "classification"}[task]
    assert f"--task {other} overrules" in data.choices[0]


def test_many_numbers_are_a_quantity():
    data = column([f"{i / 7:.3f}" for i in range(30)])
    assert data.task == "values"
    assert data.y.shape == (30, 1)
    assert data.names == ("y",)
    assert data.choices == ("target y: a quantity (30 different numbers; --task classification overrules)",)


def test_what_the_target_looks_like_is_overruled_by_the_task():
    assert column([0, 1] * 10, "regression").y.tolist() == [[0.0], [1.0]] * 10
    assert column([0, 1] * 10, "regression").choices == ("target y: a quantity (as --task says)",)
    assert column(["0.5", "1.5", "7"], "classification").names == ("0.5", "1.5", "7")


def test_one_number_written_in_two_ways_is_one_class():
    data = column(["0", "1", "1.0", "0", "1", "01"] * 2)
    assert data.y.tolist() == [0, 1, 1, 0, 1, 1] * 2
    assert len(data.names) == 2


def test_a_text_that_is_no_number_is_no_quantity(refused):
    with refused(InputError, "t.csv, line 2: column 'y' is 'dog'; expected a finite number"):
        column(["dog", "cat"], "regression")


def test_several_columns_are_several_quantities(houses):
    data = opened(source=houses, target="price, age")
    assert data.names == ("price", "age")
    assert data.y.shape == (60, 2)
    assert data.X.names == ("city", "size", "kind", "rooms")
    assert data.choices == ("target price, age: a quantity (several target columns)",)


def test_several_columns_are_no_classes(houses, refused):
    with refused(SettingError, "classification has one target column; several are for regression"):
        opened(source=houses, target="price,age", task="classification")


def test_a_column_named_twice_is_refused(houses, refused):
    with refused((SettingError, InputError), "price"):
        opened(source=houses, target="price,price")


def test_a_column_may_have_a_comma_in_its_name():
    Path("t.csv").write_text('a,"b,c"\n1,x\n2,y\n')
    data = opened(source="t.csv", target="b,c")
    assert data.names == ("x", "y")
    assert data.column == "b,c"


def test_ignored_columns_are_no_features(houses):
    data = opened(source=houses, target="price", ignore=("city", "kind"))
    assert data.X.names == ("age", "size", "rooms")
    assert data.choices[0].endswith("; without city, kind")


def test_the_names_have_one_order_however_python_hashes_texts():
    code = (
        "import numpy as np; from chainrule.runs.sources import class_ids;"
        "print(class_ids(np.array(['nan', 'x', '2', 'inf', '10', '1e3', '-inf', 'NaN'], dtype=object))[1])"
    )
    found = set()
    for seed in "012":
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        call = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
        assert call.returncode == 0, call.stderr
        found.add(call.stdout)
    assert len(found) == 1


# -- tables that are refused --------------------------------------------------------------------------------


def test_a_table_needs_a_target(houses, refused):
    with refused(SettingError, "houses.csv needs --target COLUMN, the column to predict. It has age, city"):
        opened(source=houses)


def test_columns_that_are_not_there_are_answered_with_the_nearest(houses, refused):
    with refused((InputError, UnknownNameError), "houses.csv has no column 'prize'. Did you mean 'price'"):
        opened(source=houses, target="prize")
    with refused((InputError, UnknownNameError), "houses.csv has no column 'siez'. Did you mean 'size'"):
        opened(source=houses, target="price", ignore=("siez",))


@pytest.mark.parametrize("task", [None, "classification"])
@pytest.mark.parametrize("values", [["x"], ["x"] * 9, ["3"], ["3"] * 9])
def test_one_class_is_nothing_to_learn(refused, values, task):
    with refused(InputError, f"the target 'y' is '{values[0]}' in every row; nothing to learn"):
        column(values, task)


def test_an_empty_answer_is_named_by_its_line(refused):
    with refused(InputError, "t.csv, line 4: column 'y' is empty"):
        column(["x", "z", "", "x"])
    with refused(InputError, "t.csv, line 4: column 'y' is empty"):
        column(["1.5", "2.5", "", "3.5"], "regression")


def test_a_table_of_the_target_alone_is_refused(refused):
    Path("t.csv").write_text("y\n1.5\n2.5\n")
    with refused(InputError, "t.csv has no feature columns"):
        Run(RunConfig("t.csv", target="y", validation=0.0))


# -- arrays -------------------------------------------------------------------------------------------------

X = np.arange(30.0).reshape(10, 3)


@pytest.mark.parametrize(
    ("y", "task", "names"),
    [
        (["cat", "dog"] * 5, "classes", ("cat", "dog")),
        (np.array([b"cat", b"dog"] * 5), "classes", ("cat", "dog")),
        ([10, 9] * 5, "classes", ("9", "10")),
        ([[1], [0]] * 5, "classes", ("0", "1")),
        ([True, False] * 5, "classes", ("False", "True")),
        (np.arange(10), "classes", tuple("0123456789")),
        ([0.5, 1.5] * 5, "values", ("y0",)),
        ([0.0, 1.0] * 5, "values", ("y0",)),
        (np.zeros((10, 2)), "values", ("y0", "y1")),
        (np.zeros((10, 2), int), "values", ("y0", "y1")),
    ],
)
def test_what_an_array_of_answers_is_taken_for(arrays, y, task, names):
    data = opened(**arrays(X, np.array(y)))
    assert (data.task, data.names) == (task, names)
    assert len(data.y) == 10
    assert "overrules" in data.choices[0]


def test_more_than_twenty_whole_numbers_are_a_quantity(arrays):
    rows = np.zeros((42, 1))
    assert opened(**arrays(rows, np.arange(42) % 20)).task == "classes"
    assert opened(**arrays(rows, np.arange(42) % 21)).task == "values"


def test_the_task_overrules_what_an_array_looks_like(arrays):
    options = arrays(X, np.array([0, 1] * 5))
    assert opened(**options, task="regression").y.tolist() == [[0.0], [1.0]] * 5
    options = arrays(X, np.array([0.5, 1.5] * 5))
    assert opened(**options, task="classification").names == ("0.5", "1.5")


@pytest.mark.parametrize(
    ("rows", "y", "task", "error", "says"),
    [
        (X, np.arange(9), None, ShapeError, "X has 10 rows, y has 9"),
        (X.T, np.arange(10), None, ShapeError, "X has 3 rows, y has 10; they must be equal. X looks transposed"),
        (X[:, 0], np.arange(10), None, ShapeError, r"has shape \(10,\); expected \(rows, features\)"),
        (X.reshape(10, 3, 1), np.arange(10), None, ShapeError, r"has shape \(10, 3, 1\)"),
        (np.array(3.0), np.arange(10), None, ShapeError, r"has shape \(\)"),
        (X, np.array(3), None, (ShapeError, InputError), r"shape \(\)"),
        (X, np.zeros((10, 2, 2)), None, ShapeError, r"shape \(10, 2, 2\)"),
        (X, np.zeros((10, 2)), "classification", ShapeError, r"classes come one a row, \(rows,\)"),
        (X, np.array(["a", "b"] * 5), "regression", InputError, "holds text"),
        (X, np.array(["a"] * 10), None, InputError, "is 'a' in every row; nothing to learn"),
        (X, np.full(10, 7), None, InputError, "is '7' in every row; nothing to learn"),
        (X, np.full(10, np.nan), None, InputError, "nan at row 0, column 0"),
        (np.zeros((0, 3)), np.zeros(0), None, InputError, "is empty"),
        (np.zeros((10, 0)), np.arange(10) % 2, None, InputError, "is empty|no features"),
        (X.astype(str), np.arange(10) % 2, None, InputError, "holds text"),
        (X.astype(complex), np.arange(10) % 2, None, InputError, "complex128"),
    ],
)
def test_arrays_that_do_not_fit_are_refused_in_one_line(arrays, refused, rows, y, task, error, says):
    with refused(error, says):
        Run(RunConfig(**arrays(rows, y), task=task, validation=0.0))


@pytest.mark.parametrize("scale", ["column", "all", "none"])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_feature_that_is_not_finite_is_named_by_row_and_column_before_anything_is_made(
    arrays, refused, scale, bad
):
    rows = X.copy()
    rows[4, 2] = bad
    with refused(InputError, f"{bad} at row 4, column 2"):
        Run(RunConfig(**arrays(rows, np.arange(10) % 2), validation=0.0, scale=scale))


def test_arrays_need_a_target_and_have_no_names_to_ignore(arrays, refused):
    options = arrays(X, np.arange(10))
    with refused(SettingError, "an .npy source needs --target FILE.npy"):
        opened(source=options["source"])
    with refused(SettingError, "--ignore is for tables"):
        opened(**options, ignore=("a",))
    with refused(FileError, "there is no file missing.npy"):
        opened(source=options["source"], target="missing.npy")


def test_a_table_is_no_array_of_answers(arrays, houses, refused):
    with refused(InputError, "is a table; the target of an .npy source is an .npy array"):
        opened(source=arrays(X, np.arange(10))["source"], target=houses)


# -- names --------------------------------------------------------------------------------------------------


def test_an_unknown_source_is_answered_with_the_nearest_data_set(refused):
    with refused(
        UnknownNameError, "there is no data set and no file 'monos'. Did you mean 'moons'.*Files end in .csv"
    ):
        opened(source="monos")
    with refused(UnknownNameError, "there is no data set and no file 'data.xlsx'. Known: and, blobs"):
        opened(source="data.xlsx")


def test_a_missing_file_with_a_known_ending_is_said_to_be_missing(refused):
    with refused(FileError, "there is no file missing.csv; expected a CSV file"):
        opened(source="missing.csv", target="y")


@pytest.mark.parametrize("source", [".", "folder"])
def test_a_folder_is_said_to_be_one(refused, source):
    Path("folder").mkdir()
    with refused((FileError, UnknownNameError), "is a folder"):
        opened(source=source, target="y")


def test_an_empty_source_is_no_file(refused):
    with refused((SettingError, UnknownNameError), "no data set and no file ''|needs a SOURCE"):
        opened(source="")


def test_a_data_set_wins_over_a_file_of_its_name():
    Path("xor").write_text("nonsense")
    assert opened(source="xor").X.shape == (4, 2)


def test_the_folder_for_files_is_handed_on(tmp_path, refused):
    with refused(FileError, "nowhere has no train-images"):
        opened(source="mnist", data_dir=str(tmp_path / "nowhere"))
