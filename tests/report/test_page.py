"""The page: valid, escaped, self-contained, and with names for who can't see it."""

import json
import re
import sys
from html.parser import HTMLParser

import html5lib
import numpy as np
import pytest

from chainrule.core.errors import FileError, MissingExtraError
from chainrule.metrics import METRICS
from chainrule.report import page
from chainrule.report.intervals import wilson
from chainrule.report.png import data_address, grays
from chainrule.report.sections.result import f1_of
from chainrule.runs.record import Record

from .conftest import HOSTILE, NAMES

VOID = {"meta", "img", "br", "link", "hr", "input"}


class Tree(HTMLParser):
    """Every tag with its attributes; complains of what is left open or closed twice."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.text = [], [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        assert len(attributes) == len(dict(attributes)), f"<{tag}> has an attribute twice"
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)

    def all(self, name):
        return [attributes for tag, attributes in self.tags if tag == name]


@pytest.fixture(params=NAMES)
def html(request, pages):
    return pages[request.param]


def test_every_tag_is_closed_and_no_id_stands_twice(html):
    ids = [attributes["id"] for _, attributes in Tree(html).tags if "id" in attributes]
    assert ids
    assert len(set(ids)) == len(ids)


def test_a_parser_of_the_standard_finds_no_mistake(html):
    html5lib.HTMLParser(strict=True).parse(html)


def test_nothing_is_run_and_nothing_is_fetched(html):
    tree = Tree(html)
    names = {tag for tag, _ in tree.tags}
    assert not names & {"script", "iframe", "object", "embed", "link", "form", "base", "foreignobject"}
    for tag, attributes in tree.tags:
        for key, value in attributes.items():
            assert not key.startswith("on"), (tag, key)
            if key in ("src", "href", "xlink:href", "data", "action", "poster"):
                assert value.startswith(("#", "data:image/png;base64,")), (tag, value[:50])
            if key == "style":
                assert "url(" not in value.replace("url(#", "")
    style = "".join(re.findall(r"<style>(.*?)</style>", html, re.DOTALL))
    assert "url(" not in style
    assert "@import" not in style


def test_every_picture_section_and_table_has_a_name(html):
    tree = Tree(html)
    ids = {attributes.get("id") for _, attributes in tree.tags}
    for attributes in tree.all("svg"):
        assert attributes["role"] == "img"
        assert set(attributes["aria-labelledby"].split()) <= ids
    assert tree.all("svg")
    assert all(attributes["alt"] for attributes in tree.all("img"))
    assert all(attributes["aria-labelledby"] in ids for attributes in tree.all("section"))
    assert (
        len(tree.all("table")) == len(tree.all("caption")) == len([a for a in tree.all("div") if "tabindex" in a])
    )
    assert tree.all("html")[0]["lang"] == "en"
    assert [tag for tag, _ in tree.tags if re.fullmatch("h[1-6]", tag)][:2] == ["h1", "h2"]
    inside = {attributes["href"] for attributes in tree.all("a")}
    assert inside == {f"#{attributes['id']}" for attributes in tree.all("section")}


def test_hostile_names_stand_there_as_texts(pages):
    html = pages["<b>$x_1$ & 'q'"]
    tree = Tree(html)
    text = "".join(tree.text)
    for name in HOSTILE[:4]:
        assert " ".join(name.split())[:40] in text
    assert "<b>$x_1$ & 'q'" in text
    assert 'city & "co"' in text
    assert not [tag for tag, _ in tree.tags if tag in ("b", "i", "u")]
    assert not [attributes for attributes in tree.all("img") if "evil" in str(attributes)]
    assert "long " * 20 not in text  # and long ones are cut


def test_the_scores_stand_there_with_their_intervals(pages, record):
    read = record("moons")
    result = read.result
    interval = wilson(result.correct, result.rows)
    text = "".join(Tree(pages["moons"]).text)
    assert f"{100 * interval.low:.2f} % to {100 * interval.high:.2f} %" in text
    assert f"{100 * result.correct / result.rows:.2f} %" in text
    assert "bootstrap, 1,000 resamples, seed 0" in text
    for each in result.classes:
        share = wilson(each.correct, each.rows)
        assert f"{100 * share.low:.1f} to {100 * share.high:.1f} %" in text
    values = "".join(Tree(pages["prices"]).text)
    assert "price: R²" in values
    assert "rent: mean absolute error" in values


def test_f1_from_a_confusion_matrix_is_the_metric(rng):
    for k in (2, 5, 30):
        y, said = rng.integers(0, k, 40), rng.integers(0, max(k - 2, 1), 40)
        counts = METRICS.make({"name": "confusion_matrix", "classes": k})(y, said)
        assert f1_of(counts) == pytest.approx(METRICS.make("f1")(y, said), rel=1e-12)


def test_a_small_page(html):
    assert len(html.encode()) < 1_500_000


def test_the_same_run_gives_the_same_page(record, pages):
    assert page(record("images")) == pages["images"]


@pytest.mark.parametrize(
    ("name", "there", "not_there"),
    [
        ("moons", ["Decision boundary", "Confusion matrix", "Reliability", "norm of the gradient"], ["gallery"]),
        ("images", ['class="gallery"'], ["Decision boundary", "norm of the gradient"]),
        ("prices", ["Predictions and residuals", "Worst predictions"], ["Confusion", "Reliability"]),
    ],
)
def test_a_run_shows_what_it_has(pages, name, there, not_there):
    body = pages[name].partition("<body>")[2].lower()
    for text in there:
        assert text.lower() in body
    for text in not_there:
        assert text.lower() not in body


# -- what is missing --------------------------------------------------------------------------------------------


def test_without_matplotlib_it_says_so_and_shows_the_rest(record, no_pictures):
    tree = Tree(page(record("images")))
    text = "".join(tree.text)
    assert "No pictures: pictures need matplotlib; install it with: pip install 'chainrule[plot]'." in text
    assert not tree.all("svg")
    assert tree.all("img")  # the gallery needs none
    assert "Scores" in text


def test_without_jinja2_it_names_it(record, monkeypatch):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(MissingExtraError, match="pip install jinja2"):
        page(record("moons"))


def test_where_the_data_are_gone_or_changed_it_says_so_and_shows_the_rest(copied, no_pictures):
    path = copied("prices")
    data = path.parent / "prices.csv"
    data.write_text("\n".join(data.read_text().splitlines()[:50]) + "\n")
    html = page(Record(path))
    assert "prices.csv has changed: prices was trained on 64 rows, there are" in "".join(Tree(html).text)
    data.unlink()
    text = "".join(Tree(page(Record(path))).text)
    assert "The rows can't be read again" in text
    assert "epochs in" in text
    assert "Scores" not in text
    assert "parameters of float32" in text


def test_a_run_without_a_model_shows_what_it_recorded(copied):
    path = copied("moons")
    (path / "model.safetensors").unlink()
    text = "".join(Tree(page(Record(path))).text)
    assert "The model file can't be read" in text
    assert "chainrule train moons:n=100" in text
    assert "loss by epoch" in text.lower()


def test_a_run_that_recorded_nothing_has_a_page(copied, no_pictures):
    path = copied("moons")
    (path / "metrics.jsonl").write_text("")
    assert "No epoch was recorded" in page(Record(path))


@pytest.mark.parametrize(
    "line", ["nonsense", "[1]", '{"loss": 1}', '{"epoch": "<b>"}', '{"epoch": 1, "x": [1]}', "[" * 100_000]
)
def test_a_metrics_file_that_no_run_wrote_is_refused_in_one_line(copied, line):
    path = copied("moons")
    (path / "metrics.jsonl").write_text(f"{line}\n")
    with pytest.raises(FileError, match=r"metrics\.jsonl, line 1") as caught:
        Record(path)
    assert "\n" not in str(caught.value)


def test_a_line_cut_off_by_a_kill_is_left_out(copied):
    path = copied("moons")
    text = (path / "metrics.jsonl").read_text()
    (path / "metrics.jsonl").write_text(text[:-20])
    assert [row["epoch"] for row in Record(path).rows] == [1, 2, 3, 4]


def test_the_environment_may_hold_anything_that_is_json(copied, no_pictures):
    path = copied("moons")
    (path / "environment.json").write_text(json.dumps({"<b>": [{"<i>": "<u>"}], "n": None}))
    tree = Tree(page(Record(path)))
    assert "<b> 1: <i>" in "".join(tree.text)


# -- small images -----------------------------------------------------------------------------------------------


def test_an_image_comes_back_as_it_was(rng):
    image = pytest.importorskip("PIL.Image")
    import base64
    import io

    pixels = rng.integers(0, 256, (5, 7)).astype(np.uint8)
    data = base64.b64decode(data_address(pixels).partition(",")[2])
    np.testing.assert_array_equal(np.asarray(image.open(io.BytesIO(data))), pixels)


def test_grays_share_one_scale_and_bear_extremes():
    np.testing.assert_array_equal(grays(np.array([[[0.0, 10]], [[5, 10]]])), [[[0, 255]], [[128, 255]]])
    np.testing.assert_array_equal(grays(np.array([[[-1e308, 1e308]]])), [[[0, 255]]])
    np.testing.assert_array_equal(grays(np.full((1, 1, 2), 7.0)), [[[0, 0]]])
