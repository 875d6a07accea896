"""Every recipe file states its facts, and its settings are such as the toolkit takes."""

import dataclasses
import re

import pytest

from chainrule.core.errors import FileError, SettingError, UnknownNameError
from chainrule.losses import LOSSES
from chainrule.optimizers import OPTIMIZERS
from chainrule.regularizers import REGULARIZERS
from chainrule.schedules import SCHEDULES
from chainrule.studies.reproductions import load, names
from chainrule.studies.reproductions.recipe import FOLDER, Figure, read
from chainrule.studies.reproductions.running import build, held_out

# As printed by their sources, told here once more so that a slip in a file shows.
PUBLISHED = {
    "fashion-relu-10": 93.3,
    "fashion-relu-10-10": 93.6,
    "fashion-relu-100": 97.2,
    "fashion-relu-100-10": 97.2,
    "fashion-tanh-10": 92.1,
    "fashion-tanh-10-10": 92.1,
    "fashion-tanh-100": 96.2,
    "fashion-tanh-100-10": 95.7,
    "hinton-500-300": 98.47,
    "keras-512-512": 98.4,
    "lecun-1000": 95.5,
    "lecun-300": 95.3,
    "lecun-300-100": 96.95,
    "lecun-500-150": 97.05,
    "nielsen-100": 96.59,
    "nielsen-30": 95.42,
    "nielsen-98": 98.04,
    "nielsen-recorded": 95.31,
    "nielsen-recorded-l2": 95.61,
    "scikit-learn-adam": 97.76,
    "scikit-learn-sgd": 97.13,
    "simard-800": 98.4,
    "srivastava-dropout": 98.75,
    "srivastava-max-norm": 98.94,
}
every = pytest.mark.parametrize("name", names())


def test_the_published_figures_are_those_printed():
    assert {name: pytest.approx(load(name).figure.accuracy) for name in names()} == PUBLISHED


@every
def test_a_recipe_says_where_it_is_from_and_what_is_open(name):
    recipe = load(name)
    assert min(map(len, [recipe.title, recipe.source.authors, recipe.source.title, recipe.source.where])) > 5
    assert 1980 < recipe.source.year < 2027
    assert recipe.figure.chosen
    assert recipe.assumed or recipe.differs
    assert all(isinstance(text, str) and not text.endswith(".") for text in [*recipe.assumed, *recipe.differs])


@every
def test_the_hidden_layers_are_those_of_the_name_or_the_title(name):
    recipe = load(name)
    told = re.findall(r"\d+", f"{name} {recipe.title}")
    assert all(str(width) in told for width in recipe.network.hidden) or name.startswith(("scikit", "nielsen"))


@every
def test_its_settings_are_on_the_shelves(name):
    recipe = load(name)
    assert build(recipe.network, 0).d_out == 10
    if recipe.training is None:
        from sklearn.utils._param_validation import validate_parameter_constraints

        from chainrule.estimators import MLPClassifier

        model = MLPClassifier(**recipe.estimator)  # a wrong name is a TypeError
        validate_parameter_constraints(model._parameter_constraints, model.get_params(deep=False), "MLPClassifier")
        return
    LOSSES.make(recipe.training.loss)
    OPTIMIZERS.make(recipe.training.optimizer)
    SCHEDULES.make(recipe.training.schedule)
    for spec in recipe.training.regularization:
        REGULARIZERS.make(spec)


@pytest.mark.parametrize("name", [name for name in names() if load(name).options])
def test_options_are_different_and_the_recipe_says_that_one_was_chosen(name):
    recipe = load(name)
    assert len({recipe.taking(option).fingerprint() for option in recipe.options}) == len(recipe.options) > 1
    assert {recipe.taking(option).training.epochs for option in recipe.options} == {recipe.training.epochs}
    assert any("held training images" in text for text in recipe.assumed)


@pytest.mark.parametrize("name", [name for name in names() if load(name).options])
def test_options_are_tried_on_training_images_alone(name):
    for option in load(name).options:
        tried = held_out(load(name), option)
        assert tried.inputs.images == 50_000
        assert tried.figure.images == "held"


def test_only_what_a_result_depends_on_makes_a_recipe_another():
    recipe = load("nielsen-30")
    assert dataclasses.replace(recipe, title="Other words", minutes=9.0).fingerprint() == recipe.fingerprint()
    training = dataclasses.replace(recipe.training, epochs=31)
    assert dataclasses.replace(recipe, training=training).fingerprint() != recipe.fingerprint()
    assert (
        dataclasses.replace(load("fashion-tanh-10"), estimator={"alpha": 1.0}).fingerprint()
        != load("fashion-tanh-10").fingerprint()
    )
    assert len({load(name).fingerprint() for name in names()}) == len(names())


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(UnknownNameError, match="nielsen-30"):
        load("nielson-30")


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        (("year = 2015", 'year = "2015"'), SettingError, "year"),
        (("pick = ", "pck = "), SettingError, "pick"),
        (("runs = 3", "runs = 1"), SettingError, "at least 2"),
        (("value = 95.42", "value = 9542"), SettingError, "below 100"),
        (("[training]", "[trainin]"), SettingError, "trainin"),
        (('title = "Nielsen', 'titel = "Nielsen'), SettingError, "title"),
        (("minutes", "hours"), SettingError, "minutes"),
        (("epochs = 30", "epochs = "), FileError, "TOML"),
        (("[figure]", "[more]\na = 1\n[figure]"), SettingError, "'more'"),
    ],
)
def test_a_file_that_says_something_else_is_refused(tmp_path, change, error, says):
    text = (FOLDER / "nielsen-30.toml").read_text()
    assert change[0] in text
    (tmp_path / "bad.toml").write_text(text.replace(*change, 1))
    with pytest.raises(error, match=says):
        read(tmp_path / "bad.toml")


def test_a_single_run_is_one():
    with pytest.raises(SettingError, match="single"):
        Figure("accuracy", 95.0, 0.1, "nothing", runs=3)
