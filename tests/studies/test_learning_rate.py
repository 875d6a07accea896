"""The study of the learning rate: its notes are words with the run's numbers, and nothing else."""

import re
from pathlib import Path

import pytest

import chainrule as cr
from chainrule.studies.exercises.learning_rate import TEMPLATE, LearningRateStudy
from chainrule.studies.text import reflowed

ROOT = Path(__file__).parents[2]
NOTES = ROOT / "docs" / "architecture_notes.md"


@pytest.fixture(scope="module")
def finding():
    return LearningRateStudy(rates="0.01,30", rows=640, steps=40, looks=2, probe=64).run()


def test_no_number_stands_in_the_template_by_hand():
    words = re.sub(r"{{.*?}}|{%.*?%}", "", TEMPLATE.read_text(encoding="utf-8"), flags=re.DOTALL)
    words = words.replace("2 / lambda", "").replace("2 / rate", "").replace("2 / eta", "")  # formulas
    words = words.replace("`eta = 1 / lambda`", "").replace("(1 - eta lambda)", "")
    assert re.findall(r".*\d.*", words) == []


@pytest.mark.thorough
def test_the_numbers_of_the_notes_are_those_of_the_run(finding):
    figures = {name: f"figures/{name}.svg" for name in finding.figures()}
    page = finding.page(figures, "COMMAND")
    for problem in finding.problems:
        assert f"## {problem.title}" in page
        assert f"figures/learning_rate_{problem.key}.svg" in page
        for d in problem.descents:
            assert f"| {d.rate:g} |" in page
            if d.diverged is not None:
                assert f"diverges at step {d.diverged}" in page
        for number in (problem.curvature, problem.limit, problem.fails, *(d.last for d in problem.descents)):
            assert number == float("inf") or _written(number) in page


def _written(value):
    return f"{value:.3g}" if value == 0 or 1e-3 <= abs(value) < 1e4 else f"{value:.1e}"


@pytest.mark.thorough
def test_the_words_follow_what_happened(finding):
    mnist, he, normal = finding.problems
    assert he.descents[0].outcome == "learns"
    assert he.descents[-1].outcome == "diverged"
    assert [d.outcome for d in normal.descents] == ["diverged"] * 2
    text = " ".join(finding.text().split())
    assert "It learns at no rate. It diverges at 0.01 and 30." in text
    assert f"so that a quadratic would diverge from {he.limit:.3g}" in text
    assert max(map(len, finding.text().splitlines())) <= 80
    assert he.fails > he.limit
    assert mnist.descents[0].accuracy is not None


@pytest.mark.thorough
def test_the_starting_curvature_is_that_of_the_problem_as_pytorch_sees_it(finding, pytorch):
    """Power iteration with products from going back twice, on the random data."""
    torch = pytorch.torch
    data = cr.datasets.load("random:seed=0")
    net = cr.MLP([1000, 100, 10], "relu", initializer="he", seed=0, dtype="float64")
    peer = pytorch.sequential(net)
    loss = torch.nn.functional.mse_loss(peer(torch.tensor(data.X)), torch.tensor(data.y))
    parameters = list(peer.parameters())
    gradient = torch.cat([g.reshape(-1) for g in torch.autograd.grad(loss, parameters, create_graph=True)])
    v = gradient.detach() / gradient.detach().norm()
    for _ in range(60):
        Hv = torch.cat([g.reshape(-1) for g in torch.autograd.grad(gradient @ v, parameters, retain_graph=True)])
        value, v = float(Hv @ v), Hv / Hv.norm()
    assert finding.problems[1].curvature == pytest.approx(value, rel=1e-3)


def test_the_notes_in_the_repository_were_written_by_their_command_from_this_template():
    page = NOTES.read_text(encoding="utf-8")
    command = re.search(
        r"chainrule study learning-rate --rates [\d.,]+ .*--notes docs/architecture_notes.md", page
    )
    assert command
    template = TEMPLATE.read_text(encoding="utf-8")
    for sentence in (
        "Its gradient is `lambda theta`, so a step gives",
        "## Where descent fails",
        "## What follows",
    ):
        assert sentence in " ".join(page.split())
        assert sentence in " ".join(template.split())
    for figure in re.findall(r"\]\((figures/[^)]+)\)", page):
        assert (NOTES.parent / figure).stat().st_size < 200_000
    assert reflowed(page) == page


def test_a_page_is_filled_but_tables_code_and_headings_stay():
    given = "# A heading\n\nsome words\nand more\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n    code  here\n\n- one\n  item\n- two\n"
    assert reflowed(given) == (
        "# A heading\n\nsome words and more\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n    code  here\n\n- one item\n- two\n"
    )
