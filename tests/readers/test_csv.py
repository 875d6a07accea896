"""CSV files: a table of texts by column name, or one line that says where the file is wrong."""

import contextlib
import csv
import io

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chainrule.core.errors import FileError
from chainrule.core.table import Table
from chainrule.readers import read

FUZZ = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])


def rows(table):
    return [list(row) for row in zip(*table.columns, strict=True)]


def test_a_table_has_names_texts_and_line_numbers(reading):
    table = reading(b"age,city\n31,Paris\n42,Rome\n", "people.csv")
    assert isinstance(table, Table)
    assert table.names == ("age", "city")
    assert rows(table) == [["31", "Paris"], ["42", "Rome"]]
    assert table.lines.tolist() == [2, 3]
    assert table.source == "people.csv"
    assert len(table) == 2


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfage,city\n31,Paris\n",
        b"age,city\r\n31,Paris\r\n",
        b"age,city\r31,Paris\r",
        b"age,city\n31,Paris",
        b"\n\nage,city\n\n31,Paris\n\n\n",
        b" age , city \n 31 ,\tParis \n",
        b'"age","city"\n"31","Paris"\n',
        b'"age","city"\n"31 ","Paris"\n',
    ],
    ids=[
        "byte order mark",
        "Windows",
        "old Mac",
        "no last newline",
        "blank lines",
        "spaces",
        "quotes",
        "both",
    ],
)
def test_what_spreadsheets_write_is_read_alike(reading, content):
    table = reading(content, "a.csv")
    assert table.names == ("age", "city")
    assert rows(table) == [["31", "Paris"]]


def test_quoted_cells_hold_commas_newlines_and_quotes(reading):
    table = reading(b'a,"b, or so"\n"1,5","two\nlines ""quoted"""\n3,4\n', "a.csv")
    assert table.names == ("a", "b, or so")
    assert rows(table) == [["1,5", 'two\nlines "quoted"'], ["3", "4"]]


def test_line_numbers_are_those_an_editor_shows(reading):
    table = reading(b'a,b\n\n1,"x\ny\nz"\n\n2,w\n', "a.csv")
    assert table.lines.tolist() == [5, 7]  # of the line where a row ends


def test_other_alphabets_are_read(reading):
    table = reading("größe,город\n1,Москва\n".encode(), "a.csv")
    assert table.names == ("größe", "город")
    assert rows(table) == [["1", "Москва"]]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "a.csv is empty; expected a header line and rows"),
        (b"\n\r\n\n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"a,b\n", "has a header but no rows"),
        (b"a,b\n\n\n", "has a header but no rows"),
        (b"a,b\n1,2\n3\n", r"line 3: 1 cells; the header has 2 columns"),
        (b"a,b\n1,2\n\n\n3,4,5\n", r"line 5: 3 cells; the header has 2 columns"),
        (b'a,b\n1,"x\ny"\n3\n', r"line 4: 1 cells"),
        (b"a,b\n1,2,\n", r"line 2: 3 cells"),
        (b"a,b,a\n1,2,3\n", "two columns are called 'a'"),
        (b"a, a\n1,2\n", "two columns are called 'a'"),
        (b"a,,c\n1,2,3\n", "column 2 of the header has no name"),
        (b"a,\n1,2\n", "column 2 of the header has no name"),
        (b"1,2.5,-3\n4,5,6\n", "the first line holds numbers only; expected a header"),
        (b'a,b\n1,"2\n', "line 2: unexpected end of data"),
        (b'a,b\n1,"2"x\n', "line 2: "),
        ("a,b\n1,ü\n".encode("latin-1"), r"is not UTF-8 text \(byte 6\); save it as UTF-8"),
        ("a,b\n1,2\n".encode("utf-16"), "is not UTF-8 text"),
        (b"a,b\n1,\0\n", "holds zero bytes; it is no CSV file"),
        ("a,b\n1,2\n".encode("utf-16-le"), "holds zero bytes"),
        (b"a\n" + b"x" * 200_000 + b"\n", "line 2: field larger than field limit"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_the_reason(reading, refused, content, says):
    with refused(says):
        reading(content, "a.csv")


def test_years_as_names_are_no_header_of_numbers_beside_a_text(reading):
    assert reading(b"2023,2024,price\n1,2,3\n", "a.csv").names == ("2023", "2024", "price")


# Zero bytes are refused, and half a surrogate pair has no bytes in UTF-8.
text = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)


@FUZZ
@given(
    cells=st.integers(1, 4).flatmap(
        lambda width: st.lists(st.lists(text, min_size=width, max_size=width), min_size=1)
    )
)
def test_whatever_python_writes_is_read(reading, cells):
    names = [f"column {i}" for i in range(len(cells[0]))]
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows([names, *cells])
    table = reading(out.getvalue().encode(), "a.csv")
    assert table.names == tuple(names)
    assert rows(table) == [[cell.strip() for cell in row] for row in cells]


@FUZZ
@given(content=st.binary(max_size=60) | st.text('a1,"\n\r ;', max_size=40).map(str.encode))
def test_any_bytes_raise_nothing_but_our_error(tmp_path, content):
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with contextlib.suppress(FileError):
        table = read(path)
        assert all(len(column) == len(table) > 0 for column in table.columns)


def test_a_column_is_numbers_only_if_every_cell_is(reading):
    table = reading(b"a,b,c,d\n1,1,x,1_000\n-2.5e3,,y,2\n", "t.csv")
    assert [table.is_numeric(name) for name in "abcd"] == [True, False, False, False]
    assert table.numbers("a").tolist() == [1, -2500]
    assert table.numbers("a").dtype == np.float64
    assert table.texts("c").tolist() == ["x", "y"]


@pytest.mark.parametrize("cell", ["nan", "inf", "-Infinity", "1e999", "1_000", "0x10", "x"])
def test_a_cell_that_is_no_finite_number_is_named_by_line_and_column(reading, refusal_of, cell):
    table = reading(f"a,b\n1,2\n\n3,{cell}\n".encode(), "t.csv")
    refusal_of(table.numbers, "b", rf"t.csv, line 4: column 'b' is '{cell}'; expected a finite number")


@pytest.mark.parametrize("cell", ["", " ", '""'])
def test_an_empty_cell_is_named_by_line_and_column(reading, refusal_of, cell):
    table = reading(f"a,b\n1,2\n3,{cell}\n".encode(), "t.csv")
    refusal_of(table.numbers, "b", r"t.csv, line 3: column 'b' is empty")
    refusal_of(table.texts, "b", r"t.csv, line 3: column 'b' is empty")


def test_a_column_that_is_not_there_is_answered_with_the_nearest(reading, refusal_of):
    table = reading(b"age,city\n1,Paris\n", "t.csv")
    refusal_of(table.__getitem__, "agee", "t.csv has no column 'agee'. Did you mean 'age'")
    refusal_of(table.without, ["zzz"], "t.csv has no column 'zzz'. Known: age, city")
    assert table.without(["age"]).names == ("city",)


def test_rows_are_taken_with_their_line_numbers(reading):
    table = reading(b"a,b\n1,x\n2,y\n3,z\n", "t.csv").take(np.array([2, 0]))
    assert rows(table) == [["3", "z"], ["1", "x"]]
    assert table.lines.tolist() == [4, 2]


@pytest.fixture
def refusal_of():
    from chainrule.core.errors import InputError

    def check(function, argument, says):
        with pytest.raises(InputError, match=says) as caught:
            function(argument)
        assert "\n" not in str(caught.value)

    return check
