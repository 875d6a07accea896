"""The examination that every rule sits."""

import dataclasses

import numpy as np
import pytest

import chainrule.autograd as ag
from chainrule.diagnosis import experiments
from chainrule.diagnosis.doctor import diagnose, examine
from chainrule.diagnosis.program import Program
from chainrule.diagnosis.rules import RULES
from chainrule.diagnosis.rules.base import STAGES

PARTS = ("What it sees", "Why it matters", "What to try", "Source")
WITH_EXAMPLE = [name for name in RULES if RULES[name].example]


@pytest.fixture(autouse=True, scope="module")
def quick():
    """A shorter training of the plain network that programs are compared with: enough for these."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(experiments, "STEPS", 400)
        yield


def programs(name):
    """The two programs that a rule's example leaves."""
    ag.manual_seed(0)
    names = {}
    exec(RULES[name].example, names)
    return names["faulty"], names["cured"]


def found_in(settings):
    return diagnose(**settings, prove=False).findings


@pytest.mark.parametrize("name", RULES)
def test_a_rule_says_what_it_sees_why_it_matters_and_what_to_try(name):
    text = RULES[name].__doc__
    assert [part for part in PARTS if f"\n    {part} " not in text] == []
    assert text.splitlines()[0].endswith(".")


@pytest.mark.parametrize("name", RULES)
def test_a_rule_is_a_frozen_dataclass_whose_fields_are_its_thresholds(name):
    rule = RULES[name]()
    assert rule == RULES[name]()
    assert all(isinstance(getattr(rule, field.name), int | float) for field in dataclasses.fields(rule))
    with pytest.raises(dataclasses.FrozenInstanceError):
        rule.fault = "none"


@pytest.mark.parametrize("name", RULES)
def test_a_rule_has_a_stage_and_explains_rules_that_are(name):
    rule = RULES[name]
    assert rule.stage in STAGES
    assert name not in rule.explains
    assert [other for other in rule.explains if other not in RULES] == []


@pytest.mark.parametrize("name", WITH_EXAMPLE)
def test_the_faulty_program_is_named_first_or_as_a_consequence_of_the_first(name):
    findings = found_in(programs(name)[0])
    assert findings, name
    named = [f for f in findings if f.rule == name and f.severity != "INFO"]
    assert named or findings[0].rule == name, [(f.rule, f.says) for f in findings]
    assert findings[0].rule == name or named[0].because == findings[0].rule, [(f.rule, f.says) for f in findings]
    assert RULES[name].fault in [f.fault for f in findings]


@pytest.mark.slow
@pytest.mark.parametrize("name", WITH_EXAMPLE)
def test_the_cured_program_is_not_named_and_nothing_else_is_above_info(name):
    after = found_in(programs(name)[1])
    assert [(f.rule, f.severity, f.says) for f in after if f.rule == name or f.severity != "INFO"] == []


@pytest.mark.parametrize("name", RULES)
def test_a_rule_has_nothing_to_say_of_a_healthy_program(name, healthy):
    assert [f.says for f in RULES[name]().check(healthy) if f.severity != "INFO"] == []


@pytest.fixture(scope="module")
def healthy(quick):
    ag.manual_seed(0)
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 4)).astype("f4")
    y = (X[:, 0] * X[:, 1] > 0).astype(np.int64)
    network = ag.nn.Sequential(ag.nn.Linear(4, 32), ag.nn.ReLU(), ag.nn.Linear(32, 2))
    adam = ag.optim.Adam(network.parameters(), lr=0.01)
    return examine(Program(network, X, y, ag.nn.CrossEntropyLoss(), adam, epochs=40))
