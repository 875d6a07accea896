"""The file that keeps seeds: what was done is not done again, and what is of another recipe does not count."""

import dataclasses
import json

import pytest

from chainrule.core.errors import FileError, UnknownNameError
from chainrule.studies.reproductions.jobs import asked, left
from chainrule.studies.reproductions.ledger import Ledger
from chainrule.studies.reproductions.running import Outcome

OUTCOME = Outcome(9000, 9100, 2, 10_000, 3, 90, 1.5, "fused", 1)
MACHINE = {"cpus": 2}


@pytest.fixture
def ledger(tmp_path):
    return Ledger(tmp_path / "deep" / "ledger.json")


def test_what_is_kept_is_read_back(ledger, miniature):
    assert ledger.outcomes(miniature) == {}
    failed = dataclasses.replace(OUTCOME, failure="the loss is nan", threads=None)
    ledger.keep(miniature, 1, failed, MACHINE)
    ledger.keep(miniature, 0, OUTCOME, {"cpus": 4})
    ledger.keep(miniature, 10, OUTCOME, MACHINE)
    assert list(ledger.outcomes(miniature).items()) == [(0, OUTCOME), (1, failed), (10, OUTCOME)]
    assert ledger.environment(miniature) == {"cpus": 4}
    assert len(json.loads(ledger.path.read_text())["environments"]) == 2


def test_seeds_that_are_there_are_not_run_again(ledger, miniature):
    for seed in (0, 2):
        ledger.keep(miniature, seed, OUTCOME, MACHINE)
    assert [job.seed for job in left(miniature, ledger, 4) if job.option is None] == [1, 3]


def test_seeds_of_another_recipe_do_not_count_but_those_of_other_words_do(ledger, miniature):
    ledger.keep(miniature, 0, OUTCOME, MACHINE)
    assert ledger.outcomes(dataclasses.replace(miniature, title="Other words")) == {0: OUTCOME}
    other = dataclasses.replace(miniature, training=dataclasses.replace(miniature.training, epochs=9))
    assert ledger.outcomes(other) == {}
    ledger.keep(other, 1, OUTCOME, MACHINE)
    assert list(ledger.outcomes(other)) == [1]
    assert ledger.outcomes(miniature) == {}


def test_options_are_tried_first_and_the_seeds_take_the_best(ledger, miniature):
    first, second = miniature.options
    ledger.keep_choice(miniature, second, dataclasses.replace(OUTCOME, last=9500))
    assert ledger.settled(miniature) == miniature
    jobs = left(miniature, ledger, 2)
    job = next(jobs)
    assert (job.option, job.label) == (first, "miniature, epochs 1, optimizer sgd:learning_rate=0.1")
    job.keep(ledger, OUTCOME)
    assert [option for option, _ in ledger.choices(miniature)] == [first, second]
    taken = ledger.settled(miniature)
    assert (taken.training.optimizer, taken.training.epochs) == ("sgd:learning_rate=0.001", 3)
    assert [(job.recipe, job.seed, job.option) for job in jobs] == [(taken, 0, None), (taken, 1, None)]
    ledger.keep(taken, 0, OUTCOME, MACHINE)
    assert [job.label for job in left(miniature, ledger, 2)] == ["miniature, seed 1"]


def test_all_is_what_takes_minutes_the_cheapest_first(folder):
    text = (folder / "miniature.toml").read_text()
    (folder / "cheap.toml").write_text(text.replace("minutes = 0.01", "minutes = 0.001"))
    (folder / "dear.toml").write_text(text.replace("minutes = 0.01", "minutes = 90"))
    assert [recipe.name for recipe in asked(["all"])] == ["cheap", "miniature"]
    assert [recipe.name for recipe in asked(["dear", "dear"])] == ["dear"]
    with pytest.raises(UnknownNameError, match="miniature"):
        asked(["minature"])


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"format": 1, "environments": {}, "recipes": {}, "choices": {}}', "[" * 100_000, "\xff"],
)
def test_a_file_that_is_no_ledger_is_refused_and_left_alone(ledger, miniature, text):
    ledger.path.parent.mkdir()
    ledger.path.write_text(text, encoding="latin-1")
    for touch in (ledger.outcomes, lambda recipe: ledger.keep(recipe, 0, OUTCOME, MACHINE)):
        with pytest.raises(FileError, match="no ledger"):
            touch(miniature)
    assert ledger.path.read_text(encoding="latin-1") == text


def test_a_seed_that_no_run_wrote_is_refused(ledger, miniature):
    ledger.keep(miniature, 0, OUTCOME, MACHINE)
    ledger.path.write_text(ledger.path.read_text().replace("9000", '"many"'))
    with pytest.raises(FileError, match="no ledger"):
        ledger.outcomes(miniature)
