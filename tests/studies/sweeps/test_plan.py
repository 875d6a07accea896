"""Plans: written and read again, compared, and settled by the data."""

import pytest

from chainrule.core.errors import ChainruleError, FileError, SettingError
from chainrule.studies.sweeps import Plan
from chainrule.studies.sweeps.searches import SEARCHES


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"seeds": 3, "folds": 4, "prune": "halving:factor=2.0", "hidden": ()},
        {"search": "random:trials=5", "space": {"learning_rate": {"low": 0.01, "high": 1.0, "log": True}}},
        {"search": "tpe:trials=3", "prune": "median:warmup=1", "score": "loss"},
    ],
)
def test_a_plan_is_read_as_it_was_written(plan, tmp_path, given):
    given.pop("hidden", None)
    made = plan(**given).settled()
    (tmp_path / "sweep.toml").write_text(made.to_toml())
    again = Plan.from_toml(tmp_path / "sweep.toml")
    assert again == made
    assert again.difference(made) == ""
    assert again.name == made.name


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"seeds": 2}, "seeds is 2 there, 1 here"),
        ({"epochs": 9}, "config.epochs is 9 there, 2 here"),
        ({"search": "random:trials=3"}, "search is 'random:trials=3' there, 'grid' here"),
        ({"space": {"learning_rate": [0.1, 0.2]}}, "space.learning_rate"),
        ({"prune": "halving"}, "prune is 'halving' there"),
    ],
)
def test_what_differs_is_said(plan, change, says):
    assert says in plan(**change).settled().difference(plan().settled())


def test_the_data_decide_what_was_not_said(plan):
    made = plan(validation=None).settled()
    assert (made.score, made.config.validation, made.config.seed, made.config.threads) == ("accuracy", 0.1, 0, 1)
    assert (
        made.config.engine == "numpy"
    )  # as the environment of the tests says; never "auto", which workers decide
    assert plan(folds=3).settled().config.validation == 0


def test_a_regression_is_judged_by_r2_and_a_table_keeps_its_recipes_share(plan, tmp_path):
    path = tmp_path / "line.csv"
    path.write_text("x,y\n" + "".join(f"{i / 7:.3f},{i / 3:.3f}\n" for i in range(50)))
    made = plan(source=str(path), target="y", validation=None).settled()
    assert (made.score, made.config.validation, made.lower_is_better) == ("r2", 0.2, False)
    assert plan(source=str(path), target="y", score="squared_error").settled().lower_is_better
    path.write_text(path.read_text() + "1,2\n")
    assert "line.csv has changed since" in made.difference(
        plan(source=str(path), target="y", validation=0.2).settled()
    )


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"validation": 0.0}, "judges on validation rows"),
        ({"score": "r2"}, "is for values"),
        ({"score": "acuracy"}, "Did you mean 'accuracy'"),
        ({"folds": 50}, "of 40 rows"),
        ({"space": {"activation": ["relu", "rellu"]}}, "Did you mean 'relu'"),
        ({"space": {"batch_size": [8, 100]}, "batch_size": None}, "more than the 28 training rows"),
        ({"space": {"loss": ["cross_entropy", "hinge"]}, "score": "loss"}, "losses don't compare; give --score"),
        ({"space": {"optimizer.momentun": [0.1, 0.2]}, "optimizer": "sgd"}, "Did you mean 'momentum'"),
        ({"search": "tpe", "space": {"activation": ["relu", "tanh", "rellu"]}}, "Did you mean 'relu'"),
    ],
)
def test_every_points_settings_are_checked_before_anything_is_trained(plan, given, says):
    with pytest.raises(ChainruleError, match=says):
        plan(**given).settled()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"folds": 1}, "nothing to train on"),
        ({"seeds": 0}, "--seeds is a whole number of at least 1"),
        ({"folds": 3, "early_stopping": "loss:patience=2"}, "no rows to stop by"),
        ({"search": "tpe", "prune": "halving"}, "take --prune median"),
        ({"prune": "median"}, "would change with the number of workers; take --prune halving"),
        ({"search": "random:trials=0"}, "--trials"),
        ({"search": "grid:trials=3"}, "as many trials as points"),
    ],
)
def test_what_contradicts_itself_is_refused(plan, given, says):
    with pytest.raises(SettingError, match=says):
        plan(**given)


def test_the_first_points_of_a_random_search_stay_when_there_are_more(plan):
    space = {
        "learning_rate": {"low": 0.001, "high": 1.0, "log": True},
        "width": {"low": 4, "high": 99},
        "depth": [1, 2],
    }
    few, many = (plan(space, search=f"random:trials={n}").points() for n in (5, 9))
    assert many[:5] == few
    assert plan(space, search="random:trials=5", seed=1).points() != few


def test_every_search_with_points_repeats_them(plan):
    for name in SEARCHES:
        assert plan(search=name).points() == plan(search=name).points()


def test_a_file_that_is_no_plan_is_refused(tmp_path):
    (tmp_path / "a.toml").write_text("search = 1")
    with pytest.raises(FileError, match="no sweep's"):
        Plan.from_toml(tmp_path / "a.toml")
    (tmp_path / "a.toml").write_text("[config]\nsource = 'moons'\n[space]\nwidht = [1]\n")
    with pytest.raises(ChainruleError, match="needs the setting 'search'"):
        Plan.from_toml(tmp_path / "a.toml")
