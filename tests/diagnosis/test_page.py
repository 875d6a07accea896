"""The page of a diagnosis: order, proof, escaping, one self-contained file."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest

import chainrule as cr
from chainrule.diagnosis import diagnose
from chainrule.diagnosis.drift import compare, summarize
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.proof import Proof, Rival
from chainrule.report.diagnosis import page

pytest.importorskip("matplotlib")
NASTY = "<script>alert(1)</script>&\"'\x1b[31m"
VOID = {"meta", "br", "img", "link", "input", "hr"}


class Seen(HTMLParser):
    """Titles of sections in order, the text, the tags; wrong nesting is an error."""

    def __init__(self, html):
        super().__init__()
        self.open, self.tags, self.titles, self.text, self.ids = [], [], [], "", []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] == ["h2"]:
            self.titles.append(data)
        if "style" not in self.open:
            self.text += f"{data} "


def program(rate, prove=False, epochs=12, **more):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 4)).astype("f4")
    y = (X[:, 0] > 0).astype(np.int64)
    net = cr.MLP([4, 16, 2], "relu", seed=0, loss="cross_entropy")
    optimizer = cr.optimizers.OPTIMIZERS.make({"name": "sgd", "learning_rate": rate})
    return diagnose(net, X, y, loss="cross_entropy", optimizer=optimizer, epochs=epochs, prove=prove, **more)


@pytest.fixture(scope="module")
def healthy():
    return program(0.1, epochs=20)


@pytest.fixture(scope="module")
def sick():
    """A real training, with findings of our own: what is tested is the page."""
    report = program(0.1)
    before = Rival("as written", [0.1, 0.2], [(10, 0.0), (20, 0.15)])
    rivals = [
        Rival("a worse one", [0.05], [(10, 0.0), (20, 0.05)]),
        Rival("a better one", [0.9, 0.95], [(10, 0.5), (20, 0.93)]),
    ]
    report.findings = [
        Finding("dead-units", "DEAD_RELU", "ERROR", "all units are dead", "layer 1", "step 20", 1.0, 0.4,
                {"units": [1, 2], "by layer": {"1": 0.25}, "worst": float("nan")}, proof=Proof(before, rivals)),
        Finding("rate-too-high", "LR_HIGH", "WARN", "the rate is too high", remedy="a smaller one"),
        Finding("diverging", "DIVERGE", "WARN", "the loss grows", because="rate-too-high"),
        Finding("class-imbalance", "CLASS_IMBALANCE", "INFO", "one class is rare"),
    ]  # fmt: skip
    return report


def test_causes_come_first_worst_first_and_notes_last(sick):
    seen = Seen(page(sick, "data.csv"))
    assert seen.titles == [
        "1. dead-units: wrong", "2. rate-too-high: likely harmful", "Loss", "Layers", "Notes", "What was measured",
    ]  # fmt: skip
    assert "Diagnosis of data.csv" in seen.text
    assert "2 causes were found, the likeliest first; 1 finding more follows." in seen.text


def test_each_cause_has_its_figure_its_proof_and_what_follows_from_it(sick):
    text = " ".join(Seen(page(sick, "d")).text.split())
    assert "All units are dead. When: step 20." in text
    assert "Proved remedy: a better one (skill 0.15 as written, 0.93 with it)." in text
    assert text.index("a better one 0.93 0.90 0.95") < text.index("a worse one 0.05")
    assert "units 1, 2" in text
    assert "by layer 1 0.25" in text
    assert "worst not finite" in text
    second = text[text.index("The rate is too high") :]
    assert (
        second.index("Try: a smaller one.")
        < second.index("diverging the loss grows")
        < second.index("one class is rare")
    )


def test_the_curves_of_the_proof_are_drawn(sick):
    html = page(sick, "d")
    first = html[html.index('id="cause-1"') : html.index('id="cause-2"')]
    assert first.count("<svg") == 1
    for name in ("as written", "a better one", "a worse one"):
        assert name in first


def test_what_did_not_help_is_said(sick):
    kept = sick.findings
    proof = Proof(kept[0].proof.before, kept[0].proof.rivals[:1])
    sick.findings = [Finding("dead-units", "DEAD_RELU", "ERROR", "dead", proof=proof, remedy="look again")]
    try:
        assert "No remedy that was run helped. look again" in Seen(page(sick, "d")).text
    finally:
        sick.findings = kept


def test_of_a_healthy_program_it_says_so_and_shows_its_layers(healthy):
    healthy.findings = [f for f in healthy.findings if f.severity == "INFO"]
    seen = Seen(page(healthy, "d"))
    assert "Nothing wrong was found." in seen.text
    assert [title for title in seen.titles if title[0].isdigit()] == []
    assert {"Loss", "Layers", "What was measured"} <= set(seen.titles)
    assert "NaN" not in seen.text
    assert " nan" not in seen.text


def test_layers_are_drawn_over_time(healthy):
    html = page(healthy, "d")
    layers = html[html.index('id="layers"') :]
    for shown in (
        "gradient, rms",
        "weights, rms",
        "step / weights",
        "pre-activation z, rms",
        "layer 1",
        "layer 2",
    ):
        assert shown in layers


def test_everything_is_escaped_and_nothing_is_fetched(sick):
    kept = sick.findings
    proof = Proof(Rival("as written", [0.1], [(1, 0.1)]), [Rival(NASTY, [0.9], [(1, 0.5)])])
    sick.findings = [
        Finding("dead-units", "DEAD_RELU", "ERROR", NASTY, NASTY, NASTY, evidence={NASTY: NASTY}, proof=proof),
        Finding("diverging", "DIVERGE", "WARN", NASTY, because="dead-units"),
        Finding("class-imbalance", "CLASS_IMBALANCE", "INFO", NASTY),
    ]
    try:
        html = page(sick, NASTY)
    finally:
        sick.findings = kept
    seen = Seen(html)
    assert "script" not in seen.tags
    assert seen.text.count("<script>alert(1)</script>") >= 6
    assert "\x1b" not in html
    outside = [address for address in re.findall(r"https?://[^\s\"'<)]+", html) if "www.w3.org" not in address]
    assert outside == []
    assert len(seen.ids) == len(set(seen.ids))


def test_the_same_diagnosis_gives_the_same_page_in_light_and_dark(sick):
    html = page(sick, "d")
    assert html == page(sick, "d")
    assert "prefers-color-scheme: dark" in html
    assert "currentColor" in html


def test_drift_has_a_page_with_every_feature():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 3))
    net = cr.MLP([3, 1], loss="mean_squared_error", seed=0)
    summarize(net, X)
    seen = Seen(page(compare(net, 50 * X[:200]), "new.npy"))
    assert seen.titles == ["1. other-scale: likely harmful", "What was measured"]
    text = " ".join(seen.text.split())
    assert "3 of 3 features have" in text
    for name in ("x0", "x1", "x2", "Predictions"):
        assert name in text
    calm = Seen(page(compare(net, X[:200]), "new.npy"))
    assert "Nothing wrong was found." in calm.text


def test_without_matplotlib_the_page_says_that_it_has_no_pictures(sick, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    html = page(sick, "d")
    assert "No pictures: pictures need matplotlib" in Seen(html).text
    assert "<svg" not in html
