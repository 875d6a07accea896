"""Names from files harm neither a terminal nor files nor pages, whatever they hold."""

import csv
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
from chainrule.cli.app import run
from chainrule.core.errors import ChainruleError, FileError, InputError
from chainrule.core.text import one_line, printable, short_list
from chainrule.readers import read
from chainrule.runs.directory import RunDirectory
from chainrule.runs.predictions import to_csv, unguarded

NAMES = {
    "markup of a page": "<script>alert(1)</script>",
    "markup of a terminal's library": "[bold red]b[/bold red]",
    "a color": "\x1b[31mred",
    "a title": "\x1b]0;title\x07",
    "a link": "\x1b]8;;http://evil\x07text\x1b]8;;\x07",
    "the whole screen": "\x1b[2J\x1b[H",
    "a one-byte escape": "\x9b31mred",
    "a backspace": "good\x08\x08\x08\x08evil",
    "a carriage return": "good\revil",
    "line ends": "one\ntwo\r\nthree",
    "line ends of Unicode": "one\u2028two\u0085three",
    "writing turned round": "a\u202egnp.exe",
    "no width": "a\u200b\u2060b",
    "a path": "../../../etc/passwd",
    "a path of Windows": "C:\\con\\..\\nul",
    "a formula": "=cmd|' /C calc'!A0",
    "10,000 letters": "x" * 10_000,
    "emoji": "\U0001f600",
    "mathematics": "$\\frac{1}{0}$",
    "a template": "{{ 7 * 7 }} {% include 'x' %}",
}
OBEYED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\u200b]")


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_shown_it_is_one_line_of_bounded_length_that_no_terminal_obeys(name):
    for shown in (printable(name), one_line(name), short_list([name] * 50), str(ChainruleError(f"it is {name}"))):
        assert shown.isprintable()
        assert not OBEYED.search(shown)
        assert len(shown) < 4000
    assert len(printable(name)) <= 60
    assert len(one_line(name)) <= 80


def test_what_is_printable_is_shown_as_it_is():
    assert printable("größe [m²] 😀") == one_line("größe [m²] 😀") == "größe [m²] 😀"
    assert short_list(["a", "b", "c"], most=2) == "a, b and 1 more"
    assert printable("x" * 100, 10) == "xxxxxxx..."
    assert one_line("x" * 5 + "y" * 5, 6) == "xxx…yy"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A table with these names as columns and classes, and a run trained on it."""
    place = tmp_path_factory.mktemp("names")
    names = [name for name in NAMES.values() if name.strip()]
    rng = np.random.default_rng(0)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow([*names, "answer"])
    for i in range(60):
        writer.writerow([*rng.normal(size=len(names)).round(3), names[i % len(names)]])
    (place / "[bold]<b>.csv").write_text(out.getvalue(), newline="")
    return place


@pytest.fixture(scope="module")
def told(folder):
    """What each command printed: name -> (exit code, standard output and error)."""
    import contextlib
    import os

    found, before = {}, Path.cwd()
    source = "[bold]<b>.csv"
    train = ["train", source, "--target", "answer", "--epochs", "2", "--hidden", "4"]
    os.chdir(folder)
    try:
        for words in (
            [*train, "--run-dir", "run"],
            [*train, "--run-dir", "json", "--json"],
            ["evaluate", "run", source],
            ["evaluate", "run", source, "--json"],
            ["inspect", "run"],
            ["inspect", "run", "--json"],
            ["predict", "run", source, "-o", "out.csv"],
            ["predict", "run", source, "--json"],
            ["report", "run"],
            ["train", source],
            ["train", source, "--target", NAMES["a color"] + "x"],
            ["evaluate", "run", "no such \x1b[31m.csv"],
        ):
            out, err = io.StringIO(), io.StringIO()
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = run(words)
            found[" ".join(words)] = code, out.getvalue() + err.getvalue()
    finally:
        os.chdir(before)
    return found


@pytest.mark.thorough
def test_no_command_prints_what_a_terminal_obeys(told):
    assert len(told) == 12
    for words, (code, text) in told.items():
        assert code in (0, 1, 2), words
        assert "This is a bug" not in text, (words, text)
        assert not OBEYED.search(text), words
        assert max(map(len, text.splitlines())) < 15_000 or "--json" in words, words
    assert [code for code, _ in told.values()] == [0] * 9 + [2, 1, 1]


@pytest.mark.thorough
def test_json_gives_every_name_as_it_is(told):
    text = next(text for words, (_, text) in told.items() if words == "inspect run --json")
    said = json.loads(text)
    assert set(said["target"]["names"]) == {name.strip() for name in NAMES.values()}


@pytest.mark.thorough
def test_the_page_holds_names_as_texts_alone(told, folder):
    html = (folder / "run" / "report.html").read_text()
    assert "<script" not in html
    assert "alert(1)" in html or "&lt;script&gt;" in html
    assert "49 " not in re.findall(r"<h1>.*?</h1>", html)[0]
    assert not OBEYED.search(html)
    assert {path.name for path in folder.iterdir()} == {"[bold]<b>.csv", "run", "json", "out.csv"}


@pytest.mark.thorough
def test_predictions_come_back_as_the_names_with_the_guards_taken_off(told, folder):
    with (folder / "out.csv").open(newline="") as file:
        header, *rows = csv.reader(file, strict=True)
    assert {unguarded(row[0]) for row in rows} <= {name.strip() for name in NAMES.values()}
    for cell in [*header, *(row[0] for row in rows)]:
        assert cell[:1] not in ("=", "+", "-", "@", "\t", "\r"), cell


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_fresh_run_directory_is_one_plain_folder_in_runs(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = RunDirectory(None, f"{name}.csv").path
    assert re.fullmatch(r"runs/\d{4}-\d\d-\d\d-[A-Za-z0-9_-]{1,40}-1", str(made))
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_cell_of_predictions_begins_no_formula(name):
    for cell in (name, f"={name}", f"+{name}", f"-{name}", f"@{name}", f"\t{name}", f"\r{name}", f"\n={name}"):
        header, row = csv.reader(io.StringIO(to_csv([cell], [[cell]]), newline=""), strict=True)
        assert header == row
        assert unguarded(row[0]) == cell
        assert not row[0].lstrip().startswith(("=", "+", "-", "@"))


def test_numbers_of_predictions_stay_numbers():
    assert to_csv(["y"], [[-1.5], [1e-9], ["-3"], ["+4e5"]]).split() == ["y", "-1.5", "1e-09", "-3", "+4e5"]


def test_an_error_about_a_table_is_short_however_many_and_long_its_names(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(",".join(f"{'n' * 900}{i}" for i in range(1000)) + "\n" + ",".join(["1"] * 1000) + "\n")
    table = read(path)
    with pytest.raises(InputError) as refused:
        table["x\x1b[31m" * 1000]
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) <= 3000
    with pytest.raises(FileError) as refused:
        cr.load(tmp_path / "no\nsuch\x1bfile")
    assert str(refused.value).isprintable()


@given(cell=st.text(st.sampled_from("'=+-@\t\r\n 1a"), min_size=1, max_size=6))
def test_the_guard_comes_off_exactly(cell):
    [header] = csv.reader(io.StringIO(to_csv([cell], []), newline=""), strict=True)
    assert unguarded(header[0]) == cell


def test_the_guard_comes_off_what_was_guarded_already():
    for cell in ("'=1", "''=1", "'", "'a", "' =1", "=1"):
        header, *_ = csv.reader(io.StringIO(to_csv([cell], [])), strict=True)
        assert unguarded(header[0]) == cell
