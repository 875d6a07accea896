"""A table's columns: found by name, numbers scaled, texts one-hot, and every misfit named by its line."""

import contextlib

import numpy as np
import pytest

from chainrule.core.errors import InputError, SettingError
from chainrule.preprocessing import PREPROCESSING, Columns

LINES = ("age,city", "10,Rome", "20,Oslo", "60,Rome")


def test_numbers_are_scaled_and_texts_become_one_hot(table):
    t = table(*LINES)
    fitted = Columns.fit(t)
    ages = np.array([10.0, 20.0, 60.0])
    expected = np.column_stack([(ages - ages.mean()) / ages.std(), [0, 1, 0], [1, 0, 1]])
    assert np.array_equal(fitted.transform(t), expected)
    assert fitted.d_out == 3
    assert fitted.feature_names == ("age", "city=Oslo", "city=Rome")
    assert fitted.categories == ((), ("Oslo", "Rome"))
    assert fitted.mean[1:] == (0.0,)
    assert fitted.scale[1:] == (1.0,)


def test_texts_become_codes_for_an_embedding(table):
    t = table(*LINES)
    fitted = Columns.fit(t, scaled=False, encoding="codes")
    assert fitted.transform(t).tolist() == [[10, 1], [20, 0], [60, 1]]
    assert (fitted.d_out, fitted.feature_names, fitted.codes) == (2, ("age", "city"), {1: 2})
    assert Columns.fit(t).codes == {}
    assert PREPROCESSING.make(PREPROCESSING.describe(fitted)) == fitted
    with pytest.raises(SettingError, match="one_hot, codes"):
        Columns(("a",), (0.0,), (1.0,), ((),), encoding="hashed")


def test_without_scaling_numbers_stay_as_they_are(table):
    t = table(*LINES)
    assert Columns.fit(t, scaled=False).transform(t)[:, 0].tolist() == [10, 20, 60]


def test_columns_in_another_order_and_columns_beside_give_the_same(table):
    fitted = Columns.fit(table(*LINES))
    same = table("id,city,note,age", "7,Rome,,10", "8,Oslo,?,20", "9,Rome,x,60")
    assert np.array_equal(fitted.transform(same), fitted.transform(table(*LINES)))


@pytest.mark.parametrize("value", ["0", "5", "-1e9", "0.1"])
def test_a_constant_column_of_numbers_becomes_zeros(table, value):
    t = table("a,b", *[f"{value},{i}" for i in range(7)])
    fitted = Columns.fit(t)
    assert fitted.scale[0] == 1
    assert np.abs(fitted.transform(t)[:, 0]).max() <= 1e-12 * max(1, abs(float(value)))


def test_a_category_that_training_never_saw_is_named_by_line_with_the_nearest(table, refused):
    fitted = Columns.fit(table(*LINES))
    with refused(
        InputError,
        r"new.csv, line 4: column 'city' is 'Romme', a category that training never saw. Did you mean 'Rome'",
    ):
        fitted.transform(table("age,city", "1,Rome", "", "2,Romme", name="new.csv"))
    with refused(InputError, "Known: Oslo, Rome"):
        fitted.transform(table("age,city", "1,zzz"))


def test_a_missing_column_is_named(table, refused):
    fitted = Columns.fit(table(*LINES))
    with refused(InputError, "new.csv has no column 'city'. Known: age"):
        fitted.transform(table("age", "1", name="new.csv"))
    with refused(InputError, "has no column 'age'. Did you mean 'Age'"):
        fitted.transform(table("Age,city", "1,Rome"))


def test_a_text_where_training_saw_numbers_is_named_by_line(table, refused):
    fitted = Columns.fit(table(*LINES))
    with refused(InputError, "t.csv, line 3: column 'age' is 'old'; expected a finite number"):
        fitted.transform(table("age,city", "1,Rome", "old,Rome"))


@pytest.mark.parametrize("row", [",Rome", "5,"])
def test_an_empty_cell_is_named_by_line_in_training_and_in_use(table, refused, row):
    column = "age" if row.startswith(",") else "city"
    lines = [*LINES, row]
    with refused(InputError, f"t.csv, line 5: column '{column}' is empty"):
        Columns.fit(table(*lines))
    with refused(InputError, f"t.csv, line 5: column '{column}' is empty"):
        Columns.fit(table(*LINES)).transform(table(*lines))


def test_an_empty_column_is_named(table, refused):
    with refused(InputError, "t.csv: column 'note' is empty; leave it out with --ignore"):
        Columns.fit(table("a,note", "1,", "2,", "3,"))


@pytest.mark.parametrize("cell", ["nan", "inf", "1e999"])
def test_a_number_that_is_not_finite_is_named_by_line(table, refused, cell):
    with refused(InputError, f"t.csv, line 3: column 'a' is '{cell}'; expected a finite number"):
        Columns.fit(table("a,b", "1,2", f"{cell},3"))


def test_numbers_near_the_end_of_the_range_are_scaled_or_refused_without_a_numpy_warning(table):
    t = table("a,b", "1e200,1", "3e200,2", "2e200,3")
    with contextlib.suppress(InputError):
        found = Columns.fit(t).transform(t)
        assert np.isfinite(found).all()
        assert np.ptp(found[:, 0]) > 1


def test_a_column_like_an_id_is_refused_with_the_way_out(table, refused):
    with refused(
        InputError, "t.csv: column 'id' has 21 different texts in 21 rows; .*Leave it out with --ignore 'id'"
    ):
        Columns.fit(table("id,a", *[f"row{i},{i}" for i in range(21)]))
    with refused(InputError, "column 'id' has 1001 different texts in 1002 rows"):
        Columns.fit(table("id,a", *[f"row{i},{i}" for i in range(1001)], "row0,1"))


def test_few_rows_or_a_repeated_text_are_no_id(table):
    Columns.fit(table("id,a", *[f"row{i},{i}" for i in range(20)]))
    Columns.fit(table("id,a", *[f"row{i},{i}" for i in range(40)], "row0,1"))


def test_a_stray_text_among_numbers_is_named_by_line_not_made_a_category(table, refused):
    rows = [f"{i},{i}" for i in range(60)]
    rows[30] = "NA,30"
    with refused(InputError, "t.csv, line 32: column 'a' is 'NA'"):
        Columns.fit(table("a,b", *rows))


def test_a_table_without_columns_is_refused(table, refused):
    with refused(InputError, "t.csv has no feature columns; there must be one beside the target"):
        Columns.fit(table("a", "1").without(["a"]))


@pytest.mark.parametrize("raw", [np.zeros((2, 2)), [[1, 2]], None])
def test_what_is_no_table_is_refused_with_what_is_wanted(table, refused, raw):
    with refused(InputError, "takes a table with the columns age, city, such as"):
        Columns.fit(table(*LINES)).transform(raw)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"names": ("a",)}, "need one entry a column"),
        ({"names": ("a", "a")}, "names distinct"),
        ({"mean": (0.0,)}, "need one entry a column"),
        ({"scale": (1.0, 0.0)}, "scale is a finite number above 0"),
        ({"mean": (0.0, float("nan"))}, "mean is a finite number"),
        ({"categories": ((), ("x", "x"))}, "a category stands twice"),
    ],
)
def test_fields_that_make_no_sense_are_refused(refused, fields, says):
    good = {"names": ("a", "b"), "mean": (0.0, 0.0), "scale": (1.0, 1.0), "categories": ((), ("x",))}
    PREPROCESSING.make({"name": "columns", **good})
    with refused(SettingError, says):
        PREPROCESSING.make({"name": "columns", **good, **fields})


def test_no_columns_at_all_are_refused(refused):
    with refused(SettingError, "need one entry a column"):
        PREPROCESSING.make({"name": "columns", "names": (), "mean": (), "scale": (), "categories": ()})
