"""Names and numbers that would break a picture: every one is drawn, light and dark, without a warning."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

pytest.importorskip("matplotlib")
from chainrule import plots
from chainrule.plots.base import COLORS, DARK, LIGHT, label, rgb, written
from chainrule.plots.svg import SVG, inline

# It begins with mathematics that matplotlib would fail on, since what is too long loses its middle
BAD = (
    "$\\frac{$<b>&\n\tnew\x00line \u202e 漢字 <script>alert('x')</script> \\ {} % # ]]> $a_b^c$ "
    + "long " * 60
    + "$x_1$"
)
HISTORY = [{"epoch": 1, "loss": 1e300, "validation_loss": None, "accuracy": 0.1, "learning_rate": 1e-300}]
BROKEN = [{"epoch": e, "loss": None, "validation_loss": float("inf"), "accuracy": 0.0} for e in (1, 2)]
Z = np.linspace(-1, 1, 3)
HUGE = np.array([1e300, -1e300, np.nan])

PICTURES = {
    "training": lambda dark: plots.training({BAD: HISTORY, BAD + "2": BROKEN}, dark=dark),
    "training of one epoch": lambda dark: plots.training({BAD: HISTORY}, dark=dark),
    "rates": lambda dark: plots.rates(HISTORY, [0.0], dark=dark),
    "boundary": lambda dark: plots.boundary(
        np.array([[1e300, -1e300]]), np.array([1]), np.full((2, 2, 2), 0.5), (-2e300, 2e300, -2e300, 2e300),
        [BAD, BAD], (BAD, BAD), BAD, dark=dark,
    ),
    "boundary of 100 classes": lambda dark: plots.boundary(
        np.zeros((100, 2)), np.arange(100), np.full((2, 2, 100), 0.01), (-1, 1, -1, 1), range(100), dark=dark
    ),
    "weights": lambda dark: plots.weights(np.full((1, 1), 1e300), (1, 1), dark=dark),
    "weights of nothing": lambda dark: plots.weights(np.zeros((3, 2)), names=[BAD, BAD], dark=dark),
    "activations": lambda dark: plots.activations({BAD: (Z, HUGE, HUGE)}, dark=dark),
    "confusion of one class": lambda dark: plots.confusion(np.array([[10**12]]), [BAD], dark=dark),
    "confusion of 100 classes": lambda dark: plots.confusion(np.eye(100, dtype=int), [BAD] * 100, dark=dark),
    "confusion of no rows": lambda dark: plots.confusion(np.zeros((2, 2), int), [BAD, BAD], dark=dark),
    "misclassified": lambda dark: plots.misclassified(
        np.zeros((1, 1, 1)), np.array([0]), np.array([1]), np.array([1.0]), [BAD, BAD], dark=dark
    ),
    "nothing misclassified": lambda dark: plots.misclassified(
        np.zeros((1, 2, 2)), np.array([0]), np.array([0]), np.array([1.0]), [BAD], dark=dark
    ),
    "calibration of one row": lambda dark: plots.calibration(np.array([1.0]), np.array([True]), dark=dark),
    "distributions": lambda dark: plots.distributions({BAD: {0: HUGE, 1e6: Z}, "none": {0: HUGE[2:]}}, BAD, BAD, dark=dark),
    "residuals": lambda dark: plots.residuals(HUGE[:, None], -HUGE[:, None], [BAD], dark=dark),
    "residuals of nothing finite": lambda dark: plots.residuals(HUGE[2:, None], HUGE[2:, None], [BAD], dark=dark),
    "sweep": lambda dark: plots.sweep(
        [{BAD: BAD, "x": 1e300, "r": 1e300}, {BAD: None, "x": -1e300, "r": None}], "r", dark=dark
    ),
    "sweep that failed": lambda dark: plots.sweep([{"x": 1, "r": None}, {"x": 1, "r": None}], "r", dark=dark),
    "plane": lambda dark: plots.plane(
        [{BAD: BAD, "x": None, "r": 1e300}, {BAD: "b", "x": 2, "r": -1e300}], BAD, "x", "r", dark=dark
    ),
    "curves": lambda dark: plots.curves({BAD: [plots.Line(BAD, [1e300])]}, BAD, dark=dark),
}  # fmt: skip


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", PICTURES)
def test_every_picture_takes_hostile_names_and_extreme_values(name, dark):
    svg = written(PICTURES[name](dark), "svg").decode()
    root = ElementTree.fromstring(svg)  # XML that a parser takes
    (own, other) = (DARK, LIGHT) if dark else (LIGHT, DARK)
    assert f"fill: {own['paper']}" in svg
    assert other["ink"] not in svg
    text = "".join(root.itertext())
    assert "\x00" not in text
    assert "frac" not in text or "$" in text  # mathematics was not begun
    assert not [node for node in root.iter() if node.tag.endswith("script")]


def test_a_label_is_one_line_that_begins_no_mathematics():
    from matplotlib import cbook

    text = label(BAD)
    assert len(text.replace(r"\$", "$")) == 28
    assert "\n" not in text
    assert not cbook.is_math_text(text)
    assert label("$x_1$").replace(r"\$", "$") == "$x_1$"
    assert label("abc" * 20, 10) == "abcabc…abc"


def test_the_users_own_settings_of_matplotlib_change_nothing():
    import matplotlib

    def made():
        return written(plots.training({"a": BROKEN + HISTORY}), "svg")

    before = made()
    with matplotlib.rc_context(
        {"font.size": 30, "lines.linewidth": 9, "axes.grid.axis": "x", "svg.fonttype": "path"}
    ):
        assert made() == before


def luminance(color):
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in rgb(color)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a, b):
    """WCAG 2.2: (lighter + 0.05) / (darker + 0.05)."""
    low, high = sorted([luminance(a), luminance(b)])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("color", COLORS)
def test_every_color_can_be_seen_on_light_and_dark_paper(color):
    # 3 is what WCAG 2.2 asks of parts of a picture (1.4.11)
    assert contrast(color, LIGHT["paper"]) >= 3
    assert contrast(color, DARK["paper"]) >= 3


def test_ink_can_be_read_on_its_paper():
    for colors in (LIGHT, DARK):
        assert contrast(colors["ink"], colors["paper"]) >= 7


def test_an_inline_picture_has_a_name_follows_the_page_and_shares_no_id():
    figure = plots.training({"a": HISTORY})
    first, second = (inline(figure, name, "a <title>", "what it & shows") for name in ("one", "two"))
    root = ElementTree.fromstring(first)
    assert root.get("role") == "img"
    named = root.get("aria-labelledby").split()
    texts = {node.get("id"): node.text for node in root.iter() if node.get("id") in named}
    assert texts == {"one-title": "a <title>", "one-description": "what it & shows"}
    assert LIGHT["ink"] not in first
    assert "currentColor" in first
    assert f"fill: {LIGHT['paper']}" not in first
    ids = [re.findall(r'id="([^"]+)"', svg) for svg in (first, second)]
    assert not set(ids[0]) & set(ids[1])
    assert len(set(ids[0])) == len(ids[0])
    used = set(re.findall(r"url\(#([^)]+)\)", first)) | set(re.findall(r'href="#([^"]+)"', first))
    assert used
    assert used <= set(ids[0])
    assert root.tag == f"{{{SVG}}}svg"
    assert "metadata" not in first
