"""``chainrule find-lr``."""

import json
import re
from pathlib import Path


def test_it_ends_in_a_number_and_writes_nothing(done):
    out = done("find-lr", "moons:n=100", "--steps", "40", "--optimizer", "sgd")
    assert re.fullmatch(r"\d+ steps of sgd at rates from 1e-06 to [\d.e-]+\nlearning rate: [\d.e-]+\n", out)
    assert not list(Path().iterdir())


def test_a_picture_is_written_and_json_is_one_document(done, houses):
    out = done("find-lr", houses, "--target", "price", "--steps", "20", "-o", "rates.svg", "--json")
    found = json.loads(out)
    assert len(found["rates"]) == len(found["losses"]) == len(found["smoothed"]) <= 20
    text = Path("rates.svg").read_text()
    assert "learning-rate range test" in text
    assert f"suggestion {found['learning_rate']:.2g}" in text


def test_mistakes_are_usage_errors(fails):
    fails(2, "there is no data set and no file 'mons'", "find-lr", "mons")
    fails(2, "low 1 is to be below high 0.1", "find-lr", "moons:n=50", "--low", "1", "--high", "0.1")
    fails(1, "a picture's file ends in", "find-lr", "moons:n=50", "-o", "rates.txt")
