"""Settings are read strictly: what is not of the type is refused with a word about what is."""

import datetime
import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import pytest

from chainrule.core.errors import SettingError
from chainrule.core.settings import build, choice, convert, nearest, number, parse, plain, text, whole, yes_or_no
from chainrule.schedules.multi_step import MultiStep


@dataclass(frozen=True)
class Thing:
    size: int
    rate: float = 0.5
    mode: Literal["fast", "slow"] = "fast"
    on: bool = False
    label: str = ""
    names: tuple[str, ...] = ()
    table: tuple[tuple[float, ...], ...] = ()
    limit: float | None = None
    kind: ClassVar[str] = "thing"


def test_build_makes_a_thing_of_plain_values():
    given = {
        "size": 3,
        "rate": 1,
        "mode": "slow",
        "on": True,
        "label": "x",
        "names": ["a", "b"],
        "table": [[1, 2.5], []],
        "limit": 2,
    }
    made = build(Thing, given, "thing")
    assert made == Thing(3, 1.0, "slow", True, "x", ("a", "b"), ((1.0, 2.5), ()), 2.0)
    assert type(made.rate) is type(made.limit) is type(made.table[0][0]) is float


def test_plain_is_the_inverse_of_build():
    thing = Thing(3, table=((1.0,), (2.0, 3.0)), names=("a",), limit=7.0)
    assert build(Thing, plain(thing), "thing") == thing
    assert "limit" not in plain(Thing(1))
    assert plain(Thing(1, names=("a",)))["names"] == ["a"]


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("size", True),
        ("size", 3.0),
        ("size", "3"),
        ("size", None),
        ("size", [3]),
        ("rate", True),
        ("rate", "0.5"),
        ("rate", "1"),
        ("rate", None),
        ("rate", [0.5]),
        ("rate", 1j),
        ("mode", "Fast"),
        ("mode", "medium"),
        ("mode", 0),
        ("mode", False),
        ("mode", None),
        ("mode", ["fast"]),
        ("on", 1),
        ("on", 0),
        ("on", "true"),
        ("on", None),
        ("label", 3),
        ("label", b"x"),
        ("label", None),
        ("names", "ab"),
        ("names", {"a": 1}),
        ("names", [1]),
        ("names", ["a", None]),
        ("table", [1.0]),
        ("table", [["1"]]),
        ("table", [[1.0], [True]]),
        ("limit", "none"),
        ("limit", True),
        ("limit", datetime.date(2020, 1, 1)),
    ],
)
def test_a_value_of_another_type_is_refused_and_named(setting, value):
    with pytest.raises(SettingError) as refused:
        build(Thing, {"size": 1, setting: value}, "thing")
    assert str(refused.value).startswith(f"thing: {setting}")
    assert repr(value)[:20] in str(refused.value) or isinstance(value, list | dict)


def test_errors_in_lists_say_which_item():
    with pytest.raises(SettingError, match=r"table\[1\]\[2\] is a number, not 'x'"):
        build(Thing, {"size": 1, "table": [[1], [1, 2, "x"]]}, "thing")


def test_a_whole_number_too_large_for_a_float_is_refused():
    with pytest.raises(SettingError, match="rate"):
        build(Thing, {"size": 1, "rate": 10**400}, "thing")
    with pytest.raises(SettingError, match="rate"):
        number("rate", 10**400)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"sise": 1}, "no setting 'sise'. Did you mean 'size'?"),
        ({"size": 1, "q": 1}, "no setting 'q'. Known: size"),
    ],
)
def test_an_unknown_setting_offers_the_nearest(given, says):
    with pytest.raises(SettingError) as refused:
        build(Thing, given, "thing")
    assert says in str(refused.value)


def test_a_class_variable_is_no_setting():
    with pytest.raises(SettingError, match="no setting 'kind'"):
        build(Thing, {"size": 1, "kind": "other"}, "thing")


def test_a_missing_setting_is_named():
    with pytest.raises(SettingError, match="thing needs the setting 'size'"):
        build(Thing, {"rate": 0.1}, "thing")


def test_long_values_are_cut_in_errors():
    with pytest.raises(SettingError) as refused:
        build(Thing, {"size": "x" * 10**6}, "thing")
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize(
    ("text", "name", "given"),
    [
        ("relu", "relu", {}),
        ("relu:", "relu", {}),
        (" relu ", "relu", {}),
        ("sgd:momentum=0.9,nesterov=true", "sgd", {"momentum": 0.9, "nesterov": True}),
        ("sgd: momentum = 0.9 , nesterov = false", "sgd", {"momentum": 0.9, "nesterov": False}),
        ("adam:learning_rate=1e-3", "adam", {"learning_rate": 1e-3}),
        ("x:a=3,b=-3,c=3.0,d=1_000", "x", {"a": 3, "b": -3, "c": 3.0, "d": 1000}),
        ("he:distribution=uniform", "he", {"distribution": "uniform"}),
        ("he:distribution='uniform'", "he", {"distribution": "uniform"}),
        ("x:a=True", "x", {"a": "True"}),
        ("x:path=a=b", "x", {"path": "a=b"}),
        ("x:a=1,", "x", {"a": 1}),
        ("x:a==", "x", {"a": "="}),
        ("x:a=[0.5,0.75],b=2", "x", {"a": [0.5, 0.75], "b": 2}),
        ("x:b=2,a=[0.5, 0.75]", "x", {"b": 2, "a": [0.5, 0.75]}),
        ("x:a=[],b=[1]", "x", {"a": [], "b": [1]}),
        ("", "", {}),
    ],
)
def test_parse_reads_a_name_and_its_settings(text, name, given):
    assert parse(text) == (name, given)
    assert [type(v) for v in parse(text)[1].values()] == [type(v) for v in given.values()]


def test_parse_reads_inf_and_nan_as_numbers():
    assert parse("x:a=inf")[1]["a"] == math.inf
    assert math.isnan(parse("x:a=nan")[1]["a"])


@pytest.mark.parametrize("text", ["x:a", "x:=1", "x:a=", "x:a=1,b", "x: , =2"])
def test_parse_refuses_what_is_no_setting(text):
    with pytest.raises(SettingError, match="expected name:setting=value"):
        parse(text)


def test_parse_refuses_a_setting_given_twice():
    with pytest.raises(SettingError, match="'a' is given twice"):
        parse("x:a=1,a=2")


@pytest.mark.parametrize(
    ("value", "bounds", "good"),
    [
        (1, {}, True),
        (-1.5, {}, True),
        (0, {"least": 0}, True),
        (-1e-300, {"least": 0}, False),
        (0, {"above": 0}, False),
        (1e-300, {"above": 0}, True),
        (1, {"below": 1}, False),
        (0.999, {"below": 1}, True),
        (1, {"most": 1}, True),
        (1.001, {"most": 1}, False),
        (math.nan, {}, False),
        (math.inf, {}, False),
        (-math.inf, {}, False),
        (True, {}, False),
        ("1", {}, False),
        (None, {}, False),
        (1j, {}, False),
    ],
)
def test_number_is_finite_and_within_its_bounds(value, bounds, good):
    if good:
        number("x", value, **bounds)
    else:
        with pytest.raises(SettingError, match="x is a finite number"):
            number("x", value, **bounds)


def test_number_names_its_bounds():
    with pytest.raises(SettingError, match="x is a finite number at least 0 and below 1, not 2"):
        number("x", 2, least=0, below=1)


@pytest.mark.parametrize("value", [0, -1, 1.0, True, "1", None])
def test_whole_refuses_what_is_no_whole_number_from_1(value):
    with pytest.raises(SettingError, match="x is a whole number of at least 1"):
        whole("x", value)


def test_whole_takes_its_least():
    whole("x", 1)
    whole("x", 0, least=0)
    whole("x", 2**62)
    with pytest.raises(SettingError, match="4611686018427387904 is the most"):
        whole("x", 10**30)


def test_numbers_of_numpys_are_refused_with_what_to_try():
    with pytest.raises(SettingError, match=r"not np.int64\(3\); try int\(...\)"):
        whole("x", np.int64(3))
    with pytest.raises(SettingError, match=r"not np.float32\(0.5\); try float\(...\)"):
        number("x", np.float32(0.5))
    number("x", np.float64(0.5))  # which is one of Python's


@pytest.mark.parametrize("value", [None, 0, 1, "true", np.True_, np.array([True, False])])
def test_yes_or_no_takes_pythons_alone(value):
    yes_or_no("x", True)
    with pytest.raises(SettingError, match="x is True or False, not "):
        yes_or_no("x", value)


@pytest.mark.parametrize("value", [None, 0, b"a", ["a"]])
def test_text_is_a_text(value):
    text("x", "a")
    with pytest.raises(SettingError, match="x is a text, not "):
        text("x", value)


def test_a_list_becomes_a_tuple_and_nothing_else_does():
    schedule = MultiStep(at=[0.5, 0.7])
    assert schedule == MultiStep(at=(0.5, 0.7))
    assert hash(schedule) == hash(MultiStep(at=(0.5, 0.7)))
    with pytest.raises(SettingError, match=r"multi_step: at is a list, not 0\.5"):
        MultiStep(at=0.5)


def test_choice_lists_the_options():
    choice("x", "a", ("a", "b"))
    with pytest.raises(SettingError, match="x is one of a, b, not 'c'"):
        choice("x", "c", iter(("a", "b")))
    with pytest.raises(SettingError, match="x is one of a, b, not array"):
        choice("x", np.array(["a", "b"]), ("a", "b"))


def test_nearest_offers_one_name_or_all():
    assert nearest("rleu", ["relu", "tanh"]) == " Did you mean 'relu'?"
    assert nearest("zzz", ["relu", "tanh"]) == " Known: relu, tanh."
    assert nearest("zzz", []) == " Known: none."


def test_convert_of_a_choice_does_not_take_a_bool_for_a_number():
    assert convert(1, Literal[1, 2], "x") == 1
    with pytest.raises(SettingError):
        convert(True, Literal[1, 2], "x")
