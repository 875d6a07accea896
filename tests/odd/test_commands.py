"""Tables of odd numbers through the command line: an answer, or one line and exit code 1; never a warning."""

import pytest

from chainrule.cli.app import run


def table(header, row, rows=40):
    return "\n".join([header, *(row(i) for i in range(rows))]) + "\n"


# name -> the file, and what train says of it where it refuses
TABLES = {
    "constant features": (table("a,b,y", lambda i: f"1,2,{i % 2}"), None),
    "one feature": (table("a,y", lambda i: f"{i},{i % 2}"), None),
    "no feature": (table("y", lambda i: f"{i % 2}"), "no feature columns"),
    "no row": (table("a,y", str, 0), "has a header but no rows"),
    "one row": (table("a,y", lambda i: "1,0", 1), "'0' in every row"),
    "two rows": (table("a,y", lambda i: f"{i},{i}", 2), "leaves 0 to validate"),
    "nothing": ("", "is empty"),
    "a constant target": (table("a,y", lambda i: f"{i},3.5"), None),
    "one class": (table("a,y", lambda i: f"{i},yes"), "'yes' in every row"),
    "every class once": (table("a,y", lambda i: f"{i},c{i}"), "leaves 0 to validate"),
    "1e308 in a feature": (
        table("a,b,y", lambda i: f"{1 - i % 2 * 2}e308,{i},{i % 2}"),
        "too large to be standard",
    ),
    "1e308 in the target": (table("a,b,y", lambda i: f"{i},{i * i},{1 - i % 2 * 2}.5e308"), None),
    "1e400": (table("a,y", lambda i: f"1e400,{i % 2}"), "expected a finite number"),
    "denormal features": (table("a,b,y", lambda i: f"{i}e-320,{-i}e-310,{i % 2}"), None),
    "a denormal target": (table("a,b,y", lambda i: f"{i},{-i},{i}e-320"), None),
    "whole numbers of 31 digits": (table("a,b,y", lambda i: f"{10**30 + i},{-i},{i % 2}"), None),
    "seconds since 1970": (table("a,b,y", lambda i: f"{1_700_000_000 + i},{-i},{i % 2}"), None),
    "gaps": (table("a,b,y", lambda i: f",{-i},{i % 2}"), "is empty"),
    "NaN": (table("a,y", lambda i: f"nan,{i % 2}"), "expected a finite number"),
    "a target of NaN": (table("a,y", lambda i: f"{i},nan"), "expected a finite number"),
    "one number far out": (table("a,b,y", lambda i: f"{1e30 if i == 7 else i},{-i},{i % 2}"), None),
}
TRAIN = ["train", "t.csv", "--target", "y", "--epochs", "2", "--run-dir", "r"]
AFTER = [["evaluate", "r", "t.csv"], ["predict", "r", "t.csv", "--output", "p.csv"], ["inspect", "r"],
         ["doctor", "r", "t.csv"]]  # fmt: skip
DRAWN = (
    "constant features",
    "1e308 in the target",
    "whole numbers of 31 digits",
)  # a report takes a second or two


@pytest.mark.parametrize("name", TABLES)
def test_a_table_of_odd_numbers_is_learned_and_used_or_refused_in_one_line(name, tmp_path, monkeypatch, capsys):
    text, refused = TABLES[name]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text(text)
    code = run(TRAIN)
    said = capsys.readouterr().err
    if refused is not None:
        assert code == 1
        assert refused in said
        assert len(said.splitlines()) == 1
        assert "a bug" not in said
        return
    assert code == 0, said
    for command in [*AFTER, *[["report", "r"]] * (name in DRAWN)]:
        code, said = run(command), capsys.readouterr().err
        assert code == 0 or (command[0] == "doctor" and code == 1), (command, said)
        assert "Warning" not in said, command
