"""An error is one line on standard error, with what and what to try; the exit code says whose fault it was."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr

USAGE, FAILED = 2, 1
EITHER = (1, 2)  # a column that is not there is as much a slip of the user as a fault of the file


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("trian", 'Unknown command "trian". Did you mean "train"'),
        ("train moons --epohcs 3", "--epohcs. Did you mean --epochs"),
        ("train moons --epochs x", "--epochs takes a whole number"),
        ("train moons --epochs 1.5", "--epochs"),
        ("train moons --epochs", "--epochs"),
        ("train moons --learning-rate fast", "--learning-rate"),
        ("train moons --dtype float16", 'Invalid value "float16" for --dtype. Choose from: "float32", "float64"'),
        ("train moons extra", "extra"),
        ("train", "train needs a SOURCE: a data set .*xor.* or a file; or --config"),
        ("evaluate", "MODEL"),
        ("evaluate model", "SOURCE"),
        ("predict", "MODEL"),
        ("inspect", "MODEL"),
        ("evaluate model moons --part tset", 'Did you mean "test"'),
        ("--degub train moons", "--degub"),
    ],
)
def test_wrong_usage_is_answered_with_the_nearest_known(fails, words, says):
    assert "Try --help" in fails(USAGE, says, *words.split())


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("monos", "there is no data set and no file 'monos'. Did you mean 'moons'"),
        ("moons:noize=1", "moons has no setting 'noize'. Did you mean 'noise'"),
        ("moons:n=x", "moons: n is a whole number, not 'x'"),
        ("moons --activation rleu", "unknown activation 'rleu'. Did you mean 'relu'"),
        ("moons --activation leaky_relu:slop=1", "leaky_relu has no setting 'slop'. Did you mean 'slope'"),
        ("moons --initializer hee", "unknown initializer 'hee'. Did you mean 'he'"),
        ("moons --loss cross_entropi", "unknown loss 'cross_entropi'. Did you mean 'cross_entropy'"),
        ("moons --optimizer sdg", "unknown optimizer 'sdg'. Did you mean 'sgd'"),
        ("moons --optimizer sgd:momentun=0.9", "sgd has no setting 'momentun'. Did you mean 'momentum'"),
        ("moons --schedule one_cycel", "unknown schedule 'one_cycel'. Did you mean 'one_cycle'"),
        ("moons --hidden 3,x", "--hidden takes whole numbers as in 128,64; not '3,x'"),
        ("moons --hidden 0", "a layer's width is a whole number of at least 1, not 0"),
        ("moons --batch-size many", '--batch-size takes a whole number or "full"; not .many'),
        ("moons --batch-size 0", "batch_size is a whole number .*not 0"),
        ("moons --batch-size -1", "batch_size is a whole number .*not -1"),
        ("moons --batch-size 1001", 'batch_size 1001 is more than the 1000 training rows; try "full"'),
        ("moons --epochs 0", "epochs is a whole number of at least 1, not 0"),
        ("moons --seed -1", "seed is a whole number of at least 0, not -1"),
        ("moons --validation 1", "validation is a finite number at least 0 and below 1, not 1"),
        ("moons --learning-rate nan", "learning_rate is a finite number at least 0, not nan"),
        ("moons --target y", "--target and --ignore are for files"),
        ("moons --task regression", "--task is for files"),
        ("--config missing.toml moons:n=1", "missing.toml"),
    ],
)
def test_settings_that_make_no_sense_are_refused_and_nothing_is_written(fails, words, says):
    fails(FAILED if "missing.toml" in words else USAGE, says, "train", *words.split())


@pytest.mark.parametrize("option", ["--activation", "--optimizer", "--loss", "--schedule", "--initializer"])
def test_an_empty_name_is_no_name(fails, option):
    fails(USAGE, f"unknown {option[2:]} ''", "train", "moons", option, "")


def test_an_empty_source_is_no_source(fails):
    fails(USAGE, "no data set and no file ''|needs a SOURCE", "train", "")


@pytest.mark.parametrize(
    "words",
    [
        "xor --hidden 99999999999999999999999",
        "moons:n=99999999999999999999",
        "random:features=99999999999999999999",
    ],
)
def test_sizes_that_no_machine_can_hold_are_one_line(fails, words):
    with_code = words.split()
    fails((FAILED, USAGE), "memory|too large|is the most", "train", *with_code)


@pytest.mark.parametrize(
    ("content", "options", "code", "says"),
    [
        ("", "--target y", FAILED, "t.csv is empty; expected a header line and rows"),
        ("a,y\n", "--target y", FAILED, "t.csv has a header but no rows"),
        ("a,y\n1,2\n3\n", "--target y", FAILED, "t.csv, line 3: 1 cells; the header has 2 columns"),
        ("a,y\n1,x\n2,z\n", "", USAGE, "t.csv needs --target COLUMN, the column to predict. It has a, y"),
        ("a,y\n1,x\n2,z\n", "--target zz", EITHER, "t.csv has no column 'zz'. Known: a, y"),
        ("a,y\n1,x\n2,z\n", "--target y --ignore zz", EITHER, "t.csv has no column 'zz'"),
        ("a,y\n1,x\n2,z\n", "--target y --ignore a --validation 0", FAILED, "t.csv has no feature columns"),
        ("a,y\n1,x\n2,x\n", "--target y", FAILED, "the target 'y' is 'x' in every row; nothing to learn"),
        ("a,y\n1,x\n", "--target y", FAILED, "the target 'y' is 'x' in every row; nothing to learn"),
        ("a,y\n1,0.5\n", "--target y --task regression", FAILED, "leaves 0 to validate and 1 to train on"),
        (
            "a,y\n1,x\nnan,z\n4,x\n",
            "--target y --validation 0",
            FAILED,
            "line 3: column 'a' is 'nan'; expected a finite",
        ),
        ("a,y\n1,x\n,z\n4,x\n", "--target y --validation 0", FAILED, "t.csv, line 3: column 'a' is empty"),
        ("a,y\n1,x\n2,\n", "--target y", FAILED, "t.csv, line 3: column 'y' is empty"),
        ("a,y\n1,0.5\n2,inf\n", "--target y", FAILED, "t.csv, line 3: column 'y' is 'inf'"),
        (
            "a,y\n1,x\n2,z\n",
            "--target y --scale all --validation 0",
            EITHER,
            "--scale all is for arrays of one kind",
        ),
        (
            "a,y\n1,x\n2,z\n",
            "--target y --loss poisson --validation 0",
            USAGE,
            "is for values, but the target has classes",
        ),
    ],
)
def test_a_table_that_cannot_be_trained_on_is_one_line_and_nothing_is_written(fails, content, options, code, says):
    Path("t.csv").write_text(content)
    words = ["train", "t.csv", *options.split()]
    fails(code, says, *words)


@pytest.mark.parametrize("scale", ["column", "all", "none"])
def test_a_feature_that_is_not_finite_is_named_and_nothing_is_written(fails, scale):
    X = np.zeros((60, 3))
    X[5, 2] = np.nan
    np.save("X.npy", X)
    np.save("y.npy", np.arange(60) % 2)
    options = ["--target", "y.npy", "--scale", scale, "--validation", "0"]
    fails(FAILED, "nan at row 5, column 2", "train", "X.npy", *options)


def test_arrays_of_different_lengths_are_one_line(fails):
    np.save("X.npy", np.zeros((10, 3)))
    np.save("y.npy", np.arange(9))
    fails(FAILED, "X has 10 rows, y has 9", "train", "X.npy", "--target", "y.npy")


def test_what_is_found_out_about_the_validation_rows_is_found_before_anything_is_written(fails):
    rows = [f"{i},Rome,{i % 2}" for i in range(40)]
    Path("t.csv").write_text("\n".join(["a,city,y", *rows]) + "\n")
    from chainrule.runs import Run, RunConfig

    held = Run(RunConfig("t.csv", target="y")).validation_rows[0]
    rows[held] = f"word,Rome,{held % 2}"
    Path("t.csv").write_text("\n".join(["a,city,y", *rows]) + "\n")
    fails(FAILED, f"t.csv, line {held + 2}: column 'a' is 'word'", "train", "t.csv", "--target", "y")


@pytest.mark.parametrize("path", ["file", "file/below", "/proc/no/such/place"])
def test_a_run_directory_that_cannot_be_made_is_one_line(fails, path):
    Path("file").write_text("in the way")
    fails(FAILED, f"cannot make the run directory {path}: ", "train", "xor", "--run-dir", path)


def test_a_run_directory_that_holds_a_run_is_refused(fails, done):
    done("train", "xor", "--epochs", "1", "--run-dir", "first", "-q")
    fails(FAILED, "first holds a run already .*name another --run-dir", "train", "xor", "--run-dir", "first")


def test_a_folder_without_the_files_of_mnist_is_one_line(fails, tmp_path):
    fails(
        FAILED, "has no train-images-idx3-ubyte.gz; --data-dir must hold", "train", "mnist", "--data-dir", tmp_path
    )


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('source = "moons"\nepocsh = 3', "c.toml has no setting 'epocsh'. Did you mean 'epochs'"),
        ('source = "moons"\nepochs = "3"', "c.toml: epochs is a whole number, not '3'"),
        ("epochs = 3", "c.toml needs the setting 'source'"),
    ],
)
def test_a_config_that_is_wrong_is_usage(fails, content, says):
    Path("c.toml").write_text(content)
    fails(USAGE, says, "train", "--config", "c.toml")


# -- a model and data that do not fit -------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["evaluate", "predict"])
def test_a_model_that_is_not_there_is_one_line(fails, command):
    fails(FAILED, "there is no file missing; expected a model file", command, "missing", "moons")
    fails(FAILED, "is no run directory: it has no model.safetensors", command, ".", "moons")


@pytest.mark.parametrize("command", ["evaluate", "predict", "inspect"])
def test_a_file_that_is_no_model_is_one_line(fails, command):
    Path("m").write_bytes(b"nonsense " * 5)
    source = [] if command == "inspect" else ["moons"]
    fails(FAILED, "m is no model file that can be used", command, "m", *source)


@pytest.mark.parametrize("command", ["evaluate", "predict"])
def test_a_model_for_other_features_is_one_line(fails, done, kinds, command):
    fails(FAILED, "takes a table with the columns age, city, size, price", command, kinds, "moons")
    done("train", "moons", "--epochs", "1", "--run-dir", "moons", "-q")
    fails(FAILED, r"takes 2 features; X has shape \(64, 1000\)", command, "moons", "random")
    done("train", "xor", "--epochs", "1", "--run-dir", "xor", "-q")
    fails(FAILED, r"takes 2 features; X has 1000: shape \(64, 1000\)", command, "xor", "random")


def test_a_model_of_other_answers_is_one_line(fails, done):
    done("train", "moons", "--epochs", "1", "--run-dir", "moons", "-q")
    fails(FAILED, "label 2 at row 0 is out of range: with 2 outputs", "evaluate", "moons", "blobs")
    fails(FAILED, r"the target has shape \(64, 10\)|values", "evaluate", "moons", "random:features=2")
    done("train", "random:features=2", "--epochs", "1", "--run-dir", "random", "-q")
    fails(FAILED, "a column for each of 10 outputs|classes", "evaluate", "random", "moons")


@pytest.mark.parametrize("command", ["evaluate", "predict"])
@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("age,size,kind,price\n1,2,flat,3\n", "new.csv has no column 'city'"),
        ("age,city,size,kind,price\n1,Rome,2,flat,3\n1,Romme,2,flat,3\n", "line 3: column 'city' is 'Romme', a category that training never saw. Did you mean 'Rome'"),
        ("age,city,size,kind,price\nold,Rome,2,flat,3\n", "new.csv, line 2: column 'age' is 'old'; expected a finite number"),
        ("age,city,size,kind,price\n,Rome,2,flat,3\n", "new.csv, line 2: column 'age' is empty"),
        ("age,city,size,kind,price\n1,,2,flat,3\n", "new.csv, line 2: column 'city' is empty"),
        ("age,city,size,kind,price\n1,Rome,2,flat\n", "line 2: 4 cells; the header has 5 columns"),
        ("age,city,size,kind,price\n", "new.csv has a header but no rows"),
        ("", "new.csv is empty"),
    ],
)  # fmt: skip
def test_a_table_that_the_model_cannot_read_is_named_by_line_and_column(fails, kinds, command, content, says):
    Path("new.csv").write_text(content)
    fails(FAILED, says, command, kinds, "new.csv")


def test_answers_that_the_model_does_not_know_are_named_by_line(fails, kinds, prices):
    head = "age,city,size,kind,price\n1,Rome,2,flat,3\n"
    Path("new.csv").write_text(f"{head}1,Rome,2,hause,3\n")
    fails(FAILED, "line 3: 'kind' is 'hause', a class that training never saw. Did you mean 'house'", "evaluate", kinds, "new.csv")  # fmt: skip
    Path("new.csv").write_text(f"{head}1,Rome,2,flat,dear\n")
    fails(
        FAILED,
        "new.csv, line 3: column 'price' is 'dear'; expected a finite number",
        "evaluate",
        prices,
        "new.csv",
    )
    Path("new.csv").write_text("age,city,size\n1,Rome,2\n")
    fails(FAILED, "new.csv has no column 'kind'", "evaluate", kinds, "new.csv")


def test_arrays_that_the_model_cannot_read_are_one_line(fails, done):
    rng = np.random.default_rng(0)
    np.save("X.npy", rng.normal(size=(60, 3)))
    np.save("wide.npy", rng.normal(size=(60, 4)))
    np.save("texts.npy", np.array(["a", "b"] * 30))
    np.save("values.npy", rng.normal(size=60))
    np.save("short.npy", np.array(["a", "b"]))
    np.save("one.npy", np.array(3.5))
    done("train", "X.npy", "--target", "values.npy", "--epochs", "1", "--run-dir", "values", "-q")
    done("train", "X.npy", "--target", "texts.npy", "--epochs", "1", "--run-dir", "texts", "-q")
    fails(USAGE, "an .npy source needs --target FILE.npy", "evaluate", "values", "X.npy")
    fails(FAILED, "3 features; X has shape", "evaluate", "values", "wide.npy", "--target", "values.npy")
    fails(FAILED, "holds text", "evaluate", "values", "X.npy", "--target", "texts.npy")
    fails(FAILED, "shape", "evaluate", "values", "X.npy", "--target", "one.npy")
    fails(FAILED, "rows", "evaluate", "values", "X.npy", "--target", "short.npy")
    fails(FAILED, "rows", "evaluate", "texts", "X.npy", "--target", "short.npy")
    fails(FAILED, "class '.*', which is unknown", "evaluate", "texts", "X.npy", "--target", "values.npy")


def test_a_part_that_a_data_set_does_not_have_is_one_line(fails, done):
    done("train", "xor", "--epochs", "1", "--run-dir", "xor", "-q")
    for command in ("evaluate", "predict"):
        fails(FAILED, "xor has no test rows; leave out --part", command, "xor", "xor", "--part", "test")


@pytest.mark.parametrize("path", ["no/such/folder/out.csv", "file/out.csv", "folder"])
def test_predictions_that_cannot_be_written_are_one_line(fails, kinds, houses, path):
    Path("file").write_text("in the way")
    Path("folder").mkdir()
    fails(FAILED, f"cannot write {path}: ", "predict", kinds, houses, "-o", path)


# -- everything else ------------------------------------------------------------------------------------------


def test_debug_shows_the_traceback_and_ends_in_the_same_line(chainrule):
    found = chainrule("--debug", "train", "monos")
    assert found.code == USAGE
    assert found.out == ""
    assert found.err.startswith("Traceback")
    assert found.err.splitlines()[-1] == chainrule("train", "monos").err[:-1]


@pytest.mark.parametrize(
    ("problem", "code", "says"),
    [
        (KeyboardInterrupt(), 130, "chainrule: interrupted\n"),
        (MemoryError(), 1, "chainrule: out of memory; use fewer rows, a smaller network or float32\n"),
        (RuntimeError("one\ntwo\x1b[31m"), 1, "chainrule: unexpected RuntimeError: one two?[31m. This is a bug in chainrule; --debug shows where\n"),
    ],
    ids=["Ctrl-C", "memory", "bug"],
)  # fmt: skip
def test_whatever_happens_is_one_line(chainrule, monkeypatch, problem, code, says):
    def fail(*_):
        raise problem

    monkeypatch.setattr("chainrule.cli.commands.train.Run", fail)
    assert chainrule("train", "xor") == (code, "", says)


def test_a_divergence_is_exit_code_1_names_the_step_and_keeps_a_model(chainrule, done):
    found = chainrule("train", "random", "--learning-rate", "1e30", "--run-dir", "run", "--json")
    assert found.code == FAILED
    error = json.loads(found.out)["error"]
    assert found.err == f"chainrule: {error.pop('message')}\n"
    assert found.err.startswith(
        "chainrule: diverged at step 2 (epoch 2): the loss is not finite, first in forward, layer"
    )
    assert set(error) == {"guard", "step", "epoch", "phase", "layer", "name", "row", "values"}
    assert (error["guard"], error["step"], error["phase"], error["name"]) == ("non-finite", 2, "forward", "dense")
    assert error["values"]["weights"] > 1e10
    assert found.err.endswith("The model is in run/model.safetensors\n")
    assert "Try a smaller learning rate than 1e+30" in found.err
    assert found.err.count("\n") == 1
    assert np.isfinite(cr.load("run/model.safetensors").params.theta).all()
    done("inspect", "run")


@pytest.mark.skipif(os.name == "nt", reason="file names are bytes on other systems alone")
def test_a_file_name_that_is_no_utf8_is_no_bug(chainrule, houses):
    name = os.fsdecode(b"n\xff.csv")
    Path(name).write_bytes(Path(houses).read_bytes())
    found = chainrule("train", name, "--target", "kind", "--epochs", "1", "--run-dir", "run")
    assert "bug" not in found.err
    assert found.code == 0 or not Path("run").exists()


def test_control_characters_in_names_of_files_are_not_printed(chainrule, houses, kinds):
    name = "\x1b[31m\nred\x07.csv"
    for words in (["train", name], ["train", name, "--target", "y"], ["evaluate", kinds, name], ["inspect", name]):
        found = chainrule(*words)
        assert found.code in (USAGE, FAILED)
        assert found.err.count("\n") == 1
        assert found.err[:-1].isprintable()
    Path(name).write_bytes(Path(houses).read_bytes())
    found = chainrule("train", name, "--target", "kind", "--epochs", "1", "--run-dir", "run\x1b[31m")
    assert found.code == 0
    assert "\x1b" not in found.out + found.err
    assert "\x07" not in found.out + found.err
    found = chainrule("predict", kinds, houses, "-o", "out\x1b[31m.csv")
    assert found.code == 0
    assert "\x1b" not in found.out + found.err
