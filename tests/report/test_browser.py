"""The page in Chromium: nothing in the console, nothing fetched, and no width at which it must be pushed sideways."""

import os

import pytest

from .browser import Browser, found
from .conftest import NAMES

WIDTHS = (320, 768, 1280)  # a small phone, a tablet, a desk


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    if found() is None:
        # CI sets this, so that there a missing browser is a failure
        assert os.environ.get("CHAINRULE_CHROMIUM") != "required", "chromium is not installed"
        pytest.skip("chromium is not installed")
    opened = Browser(tmp_path_factory.mktemp("profile"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def files(pages, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    for i, html in enumerate(pages.values()):
        (folder / f"{i}.html").write_text(html, encoding="utf-8")
    return {name: folder / f"{i}.html" for i, name in enumerate(pages)}


@pytest.mark.parametrize("name", NAMES)
def test_no_complaint_no_request_and_no_width_too_narrow(name, browser, files):
    for width in WIDTHS:
        browser.open(files[name], width)
        assert browser.complaints() == []
        assert browser.fetched() == [files[name].resolve().as_uri()]
        assert browser.value("document.documentElement.scrollWidth") == width
        assert browser.value("document.images.length + document.querySelectorAll('svg').length") > 0
        assert browser.value("[...document.images].every(image => image.naturalWidth > 0)")
    assert browser.value("document.title") == f"{name} - chainrule"


LUMINANCE = """(() => {
  const parts = color => color.match(/[\\d.]+/g).slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const luminance = color => parts(color).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const paper = luminance(getComputedStyle(document.documentElement).backgroundColor);
  return [...document.querySelectorAll('p, td, th, a, dt, dd, caption, figcaption, summary, footer, svg')].map(e => {
    const ink = luminance(getComputedStyle(e).color);
    return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
  }).reduce((a, b) => Math.min(a, b));
})()"""


@pytest.mark.parametrize(
    ("dark", "media"), [(False, ""), (True, ""), (True, "print")], ids=["light", "dark", "print"]
)
def test_every_text_can_be_read_on_its_paper(browser, files, dark, media):
    browser.open(files["moons"], 1280, dark=dark, media=media)
    paper = browser.value("getComputedStyle(document.documentElement).backgroundColor")
    assert paper == ("rgb(21, 24, 28)" if dark and media != "print" else "rgb(255, 255, 255)")
    assert browser.value(LUMINANCE) >= 4.5  # WCAG 2.2, 1.4.3


def test_these_tests_see_a_script_a_request_and_a_wide_line(browser, tmp_path):
    bad = tmp_path / "bad.html"
    bad.write_text(
        "<!doctype html><script>console.error('x')</script><img src='missing.png'><pre style='width: 2000px'>x</pre>"
    )
    browser.open(bad, 320)
    assert browser.complaints()
    assert len(browser.fetched()) == 2
    assert browser.value("document.documentElement.scrollWidth") > 320
