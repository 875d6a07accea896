"""Pictures: what is drawn, read back from the figure; files that are whole."""

import numpy as np
import pytest

import chainrule.autograd as ours
from chainrule.core.errors import FileError

pytest.importorskip("matplotlib")
from chainrule import plots


def labels(figure):
    return sorted(text.get_text() for text in figure.axes[0].texts if text.get_text())


def computed(library):
    x = library.ones(3)
    w = library.ones(3, requires_grad=True)
    b = library.zeros((), requires_grad=True)
    return library.relu(x @ w + b) ** 2, {"w": w, "b": b}


def test_the_graph_shows_every_operation_and_leaf():
    y, names = computed(ours)
    assert labels(plots.graph(y, names)) == ["add", "b", "dot", "relu", "square", "w  (3,)"]
    assert "leaf" in labels(plots.graph(y))


def test_the_graph_of_pytorch_has_the_same_leaves():
    torch = pytest.importorskip("torch")
    y, names = computed(torch)
    found = labels(plots.graph(y, names))
    assert {"b", "w  (3,)", "add", "dot", "relu"} <= set(found)
    assert len(found) == 6


def test_a_node_used_twice_is_drawn_once_below_both():
    w = ours.ones(2, requires_grad=True)
    a = w * 2
    figure = plots.graph(a.exp() * a, {"w": w})
    assert labels(figure) == ["exp", "mul", "mul", "w  (2,)"]
    places = {text.get_text(): text.get_position()[1] for text in figure.axes[0].texts if text.get_text()}
    assert places["w  (2,)"] == min(places.values())


def test_curves_draw_every_line_with_its_label_on_scales_of_powers_of_ten():
    figure = plots.curves({"one": [plots.Line("a", [3, 2, 1]), plots.Line("b", [4, 2, 1])], "two": []}, "title")
    first, second = figure.axes
    assert [line.get_label() for line in first.lines] == ["a", "b"]
    np.testing.assert_array_equal(first.lines[0].get_ydata(), [3, 2, 1])
    np.testing.assert_array_equal(first.lines[0].get_xdata(), [1, 2, 3])
    assert first.get_yscale() == "log"
    assert second.get_title("left") == "two"


@pytest.mark.parametrize(("ending", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_a_picture_is_written_in_the_format_its_name_says(ending, start, tmp_path):
    path = tmp_path / f"x.{ending}"
    plots.save(plots.curves({"one": [plots.Line("a", [3, 2, 1])]}, "title"), path)
    assert path.read_bytes().startswith(start)


def test_a_folder_that_is_not_there_is_said_before_the_work(tmp_path):
    with pytest.raises(FileError, match="there is no folder"):
        plots.ready(tmp_path / "missing" / "x.png")


@pytest.mark.parametrize("name", ["x.gif", "x", "x.PNG.txt"])
def test_another_ending_is_refused_before_and_after(name, tmp_path):
    for call in (plots.ready, lambda path: plots.save(plots.curves({"a": []}, ""), path)):
        with pytest.raises(FileError, match=r"ends in \.png, \.svg, \.pdf"):
            call(tmp_path / name)
    assert list(tmp_path.iterdir()) == []
