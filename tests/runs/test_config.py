"""The configuration of a run: read strictly, resolved completely, written so that it repeats the run."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chainrule.core.errors import FileError, SettingError, UnknownNameError
from chainrule.datasets import DATASETS
from chainrule.losses import LOSSES
from chainrule.runs import Run, RunConfig

FUZZ = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
FIELDS = [field.name for field in dataclasses.fields(RunConfig)]

# Half a surrogate pair is no text that UTF-8 can hold.
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
number = st.floats(allow_nan=False, allow_infinity=False)
configs = st.builds(
    RunConfig,
    source=text,
    target=st.none() | text,
    task=st.sampled_from([None, "classification", "regression"]),
    ignore=st.lists(text, max_size=3).map(tuple),
    hidden=st.none() | st.lists(st.integers(), max_size=3).map(tuple),
    activation=st.none() | text,
    learning_rate=st.none() | number,
    batch_size=st.none() | st.just("full") | st.integers(),
    epochs=st.none() | st.integers(),
    validation=st.none() | number,
    scale=st.sampled_from([None, "column", "all", "none"]),
    scale_target=st.sampled_from([None, True, False]),
    dtype=st.sampled_from([None, "float32", "float64"]),
    seed=st.none() | st.integers(0, 2**70),
    data_dir=st.none() | text,
)


@FUZZ
@given(config=configs)
def test_what_is_written_is_read_back_equal(config):
    path = Path("config.toml")
    path.write_bytes(config.to_toml().encode())
    assert RunConfig.from_toml(path) == config


def test_every_option_can_be_written_and_read():
    full = RunConfig(
        "s", target="t", task="regression", ignore=("a",), weight_column="w", hidden=(), activation="relu",
        normalization="batch_norm", dropout=0.5, residual=True, embed=3, output="tanh", initializer="he", loss="l",
        optimizer="sgd", learning_rate=0.5, schedule="constant", batch_size="full", epochs=3, class_weight="balanced",
        regularization=("l2", "clip_norm"), early_stopping="loss", time_limit=2.5, metrics=("f1",), validation=0.5,
        calibrate=True, accumulate=2, learning_rates="0=0.5",
        scale="all", scale_target=False, dtype="float64", seed=7, engine="numpy", threads=1,
        checkpoint_every=500, on_checkpoint_error="stop", summary=False, data_dir="/data",
    )  # fmt: skip
    assert all(getattr(full, name) is not None for name in FIELDS)
    Path("config.toml").write_bytes(full.to_toml().encode())
    assert RunConfig.from_toml(Path("config.toml")) == full


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('source = "moons"\nepocsh = 3', "config.toml has no setting 'epocsh'. Did you mean 'epochs'"),
        ('source = "moons"\nzzz = 3', "has no setting 'zzz'. Known: source, target"),
        ("epochs = 3", "needs the setting 'source', which was not given"),
        ("source = 3", "source is a text, not 3"),
        ('source = "moons"\nepochs = "3"', "epochs is a whole number, not '3'"),
        ('source = "moons"\nepochs = 3.0', "epochs is a whole number, not 3.0"),
        ('source = "moons"\nepochs = true', "epochs is a whole number, not True"),
        ('source = "moons"\nlearning_rate = "fast"', "learning_rate is a number, not 'fast'"),
        ('source = "moons"\nhidden = 64', "hidden is a list, not 64"),
        ('source = "moons"\nhidden = [64, "x"]', r"hidden\[1\] is a whole number, not 'x'"),
        ('source = "moons"\nhidden = [64, 1.5]', r"hidden\[1\] is a whole number, not 1.5"),
        ('source = "moons"\nignore = "a"', "ignore is a list, not 'a'"),
        ('source = "moons"\nbatch_size = "half"', "batch_size is a whole number, not 'half'; or .*full"),
        ('source = "moons"\ntask = "guess"', "task is one of classification, regression"),
        ('source = "moons"\ndtype = "float16"', "dtype is one of float32, float64"),
        ('source = "moons"\nscale = true', "scale is one of column, all, none"),
        ('source = "moons"\nscale_target = 1', "scale_target is true or false, not 1"),
        ('source = "moons"\n[optimizer]\nname = "sgd"', "optimizer is a text, not {'name': 'sgd'}"),
    ],
)
def test_a_config_is_read_strictly(refused, content, says):
    Path("config.toml").write_text(content)
    with refused(SettingError, says):
        RunConfig.from_toml(Path("config.toml"))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"source = ", "is no TOML"),
        (b"\xff\xfe", r"is no UTF-8 text \(byte 0\)"),
        (b"source = 1\nsource = 2", "is no TOML"),
        (b"a = " + b"[" * 10_000, "nests more than 16 deep"),
        (b"#" * 480_001, "has 480001 bytes, more than the 480000"),
    ],
)
def test_what_is_no_config_is_refused_in_one_line(refused, content, says):
    Path("config.toml").write_bytes(content)
    with refused(FileError, says):
        RunConfig.from_toml(Path("config.toml"))


def test_a_config_that_is_not_there_is_one_line(refused):
    with refused(FileError, "there is no file missing.toml; expected a config.toml"):
        RunConfig.from_toml(Path("missing.toml"))
    with refused(FileError, "is a folder; expected a config.toml"):
        RunConfig.from_toml(Path())


# -- what resolving decides ---------------------------------------------------------------------------------

MAY_BE_UNTOLD = {
    "summary",
    "target",
    "ignore",
    "output",
    "initializer",
    "data_dir",
    "weight_column",
    "class_weight",
    "early_stopping",
    "time_limit",
    "calibrate",
    "accumulate",
    "learning_rates",
    "normalization",
    "dropout",
    "residual",
    "embed",
    "threads",
}  # "None" and "what suits the activation" mean it


@pytest.mark.parametrize("name", [name for name in DATASETS if name != "mnist"])
def test_resolving_decides_every_option_for_a_data_set(name):
    config = Run(RunConfig(name)).config
    missing = {field for field in FIELDS if getattr(config, field) is None}
    if config.task == "classification":
        missing -= {"scale_target"}
    assert missing <= MAY_BE_UNTOLD


@pytest.mark.parametrize("target", ["kind", "rooms", "price"])
def test_resolving_decides_every_option_for_a_table(houses, target):
    config = Run(RunConfig(houses, target=target)).config
    missing = {field for field in FIELDS if getattr(config, field) is None}
    if config.task == "classification":
        missing -= {"scale_target"}
    assert missing <= MAY_BE_UNTOLD


@pytest.mark.parametrize(
    "options",
    [
        {"source": "moons"},
        {"source": "moons", "regularization": ("l2:strength=0.01", "clip_norm"), "class_weight": "balanced"},
        {"source": "moons", "early_stopping": "f1:patience=3", "time_limit": 60.0, "metrics": ("f1", "top_k:k=2")},
        {"source": "houses.csv", "target": "price", "weight_column": "size"},
        {"source": "random"},
        {"source": "xor", "hidden": ()},
        {
            "source": "blobs:n=100",
            "optimizer": "sgd:momentum=0.9,nesterov=true",
            "schedule": "one_cycle:warm_up=0.1",
        },
        {"source": "circles", "activation": "leaky_relu:slope=0.2", "initializer": "normal:std=0.3"},
        {"source": "houses.csv", "target": "price", "ignore": ("kind",), "dtype": "float64", "seed": 3},
        {"source": "houses.csv", "target": "price", "scale": "none"},
        {"source": "houses.csv", "target": "price", "scale_target": False},
    ],
)
def test_a_resolved_config_resolves_to_itself(houses, options):
    resolved = Run(RunConfig(**options)).config
    Path("config.toml").write_bytes(resolved.to_toml().encode())
    again = RunConfig.from_toml(Path("config.toml"))
    assert again == resolved
    assert Run(again).config == resolved


def test_options_given_win_over_the_recipe():
    given = RunConfig(
        "moons", hidden=(3,), activation="tanh", initializer="xavier", loss="cross_entropy", optimizer="sgd",
        learning_rate=0.25, schedule="constant", batch_size=7, epochs=3, validation=0.25, scale="none",
        dtype="float64", seed=5, engine="numpy", checkpoint_every="2epochs", on_checkpoint_error="stop",
    )  # fmt: skip
    assert Run(given).config == dataclasses.replace(given, task="classification")


def test_the_learning_rate_of_the_recipe_is_that_of_the_optimizer():
    for optimizer, rate in {"adam": 5e-3, "sgd": 0.1}.items():
        assert Run(RunConfig("moons", optimizer=optimizer)).config.learning_rate == rate
    # a recipe that knows none for an optimizer has Adam's times the optimizer's own multiple of it
    for optimizer, rate in {"adamw": 5e-3, "lion:beta1=0.5": 5e-4, "adadelta": 5.0}.items():
        assert Run(RunConfig("moons", optimizer=optimizer)).config.learning_rate == rate
    assert Run(RunConfig("moons", optimizer="lion:learning_rate=0.7")).config.learning_rate == 0.7
    assert Run(RunConfig("moons", optimizer="sgd:learning_rate=0.7")).config.learning_rate == 0.7
    assert Run(RunConfig("moons", learning_rate=0.3)).config.learning_rate == 0.3


def test_a_learning_rate_given_twice_is_refused(refused):
    with refused(SettingError, "the learning rate is given twice"):
        Run(RunConfig("moons", optimizer="sgd:learning_rate=0.1", learning_rate=0.2))


def test_small_tables_are_trained_for_more_epochs():
    # so that some 40,000 rows are seen in all, within 5 and 200 epochs
    for n, epochs in {20: 200, 200: 200, 1000: 40, 4000: 10, 20_000: 5}.items():
        assert Run(RunConfig(f"moons:n={n}")).config.epochs == epochs


def test_the_batch_of_the_recipe_is_no_more_than_the_rows():
    assert Run(RunConfig("moons")).config.batch_size == 32
    assert Run(RunConfig("moons:n=10")).config.batch_size == 10
    assert Run(RunConfig("moons:n=10", validation=0.2)).config.batch_size == 8
    assert Run(RunConfig("xor")).config.batch_size == "full"
    assert Run(RunConfig("moons", batch_size="full")).config.batch_size == "full"
    assert Run(RunConfig("moons:n=10", batch_size=10)).config.batch_size == 10


def test_a_batch_larger_than_the_data_is_refused(refused):
    with refused(SettingError, 'batch_size 11 is more than the 10 training rows; try "full"'):
        Run(RunConfig("moons:n=10", batch_size=11))
    with refused(SettingError, "batch_size 9 is more than the 8 training rows"):
        Run(RunConfig("moons:n=10", batch_size=9, validation=0.2))


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"epochs": 0}, SettingError, "epochs is a whole number of at least 1, not 0"),
        ({"epochs": -1}, SettingError, "epochs is a whole number of at least 1, not -1"),
        ({"batch_size": 0}, SettingError, "batch_size is a whole number .*not 0"),
        ({"batch_size": -3}, SettingError, "batch_size is a whole number .*not -3"),
        ({"seed": -1}, SettingError, "seed is a whole number of at least 0, not -1"),
        ({"hidden": (0,)}, SettingError, "hidden: a layer's width is a whole number of at least 1, not 0"),
        ({"hidden": (3, -1)}, SettingError, "hidden: a layer's width"),
        ({"validation": 1.0}, SettingError, "validation is a finite number at least 0 and below 1"),
        ({"validation": -0.1}, SettingError, "validation is a finite number at least 0 and below 1"),
        ({"validation": float("nan")}, SettingError, "validation is a finite number"),
        ({"learning_rate": -1.0}, SettingError, "learning_rate is a finite number at least 0"),
        ({"learning_rate": float("inf")}, SettingError, "learning_rate is a finite number at least 0"),
        ({"activation": "rleu"}, UnknownNameError, "unknown activation 'rleu'. Did you mean 'relu'"),
        ({"activation": ""}, UnknownNameError, "unknown activation ''"),
        ({"activation": "relu:slope=1"}, SettingError, "relu has no setting 'slope'"),
        ({"initializer": "hee"}, UnknownNameError, "unknown initializer 'hee'. Did you mean 'he'"),
        ({"loss": "cross_entropi"}, UnknownNameError, "unknown loss 'cross_entropi'. Did you mean 'cross_entropy'"),
        ({"optimizer": "sdg"}, UnknownNameError, "unknown optimizer 'sdg'. Did you mean 'sgd'"),
        ({"optimizer": ""}, UnknownNameError, "unknown optimizer ''"),
        ({"optimizer": "sgd:momentun=0.9"}, SettingError, "sgd has no setting 'momentun'. Did you mean 'momentum'"),
        ({"schedule": "one_cycel"}, UnknownNameError, "unknown schedule 'one_cycel'. Did you mean 'one_cycle'"),
        ({"loss": "poisson"}, SettingError, "poisson is for values, but the target has classes; try .*hinge.*, or --task regression"),
        ({"loss": "cross_entropy", "output": "sigmoid"}, SettingError, "ends in sigmoid, but cross_entropy takes logits and applies softmax"),
        ({"loss": "hinge", "output": "sigmoid"}, SettingError, "ends in sigmoid, but hinge takes logits. Remove"),
        ({"output": "sigmiod"}, UnknownNameError, "unknown activation 'sigmiod'. Did you mean 'sigmoid'"),
        ({"task": "regression"}, SettingError, "--task is for files; moons is a classification"),
        ({"target": "y"}, SettingError, "--target and --ignore are for files"),
        ({"ignore": ("y",)}, SettingError, "--target and --ignore are for files"),
    ],
)  # fmt: skip
def test_options_that_make_no_sense_are_refused_before_anything_is_trained(refused, options, error, says):
    with refused(error, says):
        Run(RunConfig("moons", **options))


@pytest.mark.parametrize("name", [name for name, cls in LOSSES.classes().items() if cls.task == "classes"])
def test_a_loss_for_classes_gets_the_outputs_that_it_asks_for(refused, name):
    loss = LOSSES.make(name)
    assert Run(RunConfig("moons", loss=name)).network.d_out == loss.outputs(2)
    try:
        wanted = loss.outputs(3)
    except SettingError:
        with refused(SettingError, f"{name} is for two classes; the target has 3. Try (cross_entropy|focal)"):
            Run(RunConfig("blobs", loss=name))
    else:
        assert Run(RunConfig("blobs", loss=name)).network.d_out == wanted


def test_losses_for_yes_and_no_have_one_output():
    found = {name: LOSSES.make(name).outputs(2) for name, cls in LOSSES.classes().items() if cls.task == "classes"}
    assert {name for name, outputs in found.items() if outputs == 1} == {
        "binary_cross_entropy", "binary_focal", "hinge", "squared_hinge",
    }  # fmt: skip
    assert Run(RunConfig("moons")).network.d_out == 2


def test_a_loss_for_classes_is_refused_for_values(refused):
    with refused(
        SettingError,
        "cross_entropy is for classes, but the target has values; try .*mean_squared_error.*--task classification",
    ):
        Run(RunConfig("random", loss="cross_entropy"))
    with refused(SettingError, "mean_squared_error is for classes, but the target has values"):
        Run(RunConfig("random", loss="mean_squared_error:task=classes"))


def test_squared_error_may_be_asked_to_learn_classes_as_numbers():
    for source, classes in (("moons", 2), ("blobs", 3)):
        run = Run(RunConfig(source, loss="mean_squared_error", output="sigmoid"))
        assert run.config.loss == "mean_squared_error:task=classes"
        assert run.config.output == "sigmoid"
        assert [module.name for module in run.network.modules][-2:] == ["dense", "sigmoid"]
        assert run.network.d_out == classes


def test_a_positive_target_is_never_standardized(houses, refused):
    for loss in ("poisson", "gamma"):
        run = Run(RunConfig(houses, target="age", loss=loss))
        assert run.config.scale_target is False
        assert run.describe()[-2] == f"the target is not standardized: {loss} takes it as it is"
        with refused(SettingError, f"{loss} takes the target as it is; .*Leave out --scale-target"):
            Run(RunConfig(houses, target="age", loss=loss, scale_target=True))
    assert not [line for line in Run(RunConfig(houses, target="age")).describe() if "standardized" in line]


def test_the_network_is_what_the_options_say():
    run = Run(RunConfig("blobs:classes=4,features=5", hidden=(7, 3), activation="tanh", dtype="float64"))
    assert [module.name for module in run.network.modules] == ["dense", "tanh", "dense", "tanh", "dense"]
    assert [p.shape for p in run.network.params.values()] == [(7, 5), (7,), (3, 7), (3,), (4, 3), (4,)]
    assert run.network.dtype == np.float64
    assert [m.name for m in Run(RunConfig("blobs", hidden=())).network.modules] == ["dense"]


def test_the_seed_decides_the_weights():
    def weights(**options):
        return Run(RunConfig("moons", **options)).network.params.theta.copy()

    assert np.array_equal(weights(), weights(seed=0))
    assert np.array_equal(weights(seed=3), weights(seed=3))
    assert not np.array_equal(weights(), weights(seed=1))


def test_a_run_says_its_engine_and_threads(houses):
    def said(**options):
        return Run(RunConfig(houses, target="age", **options)).describe()[-1]

    assert said(engine="numpy", threads=2) == "engine numpy (as asked); BLAS with 2 threads"
    assert said(engine="numpy").endswith("BLAS with 1 thread")
    wide = said(engine="numpy", hidden=(5000, 5000), batch_size="full", epochs=1)
    assert wide.endswith("BLAS with as many threads as it has by itself")
