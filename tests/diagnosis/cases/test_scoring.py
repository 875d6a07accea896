"""Scores of a doctor, by examples small enough to count by hand."""

import pytest

from chainrule.diagnosis.cases.scoring import TWIN, Run, Said, Verdict, most, row, table, tiers, units

LISTED = ("INPUT_SCALE", "SATURATION")


def said(*faults, severity="WARN", **more):
    return tuple(Said(fault, severity, **more) for fault in faults)


def case(*runs, id="a", tier="A", faults=LISTED, group=None):
    return Verdict(id, tier, faults, tuple(Run(seed, found) for seed, found in enumerate(runs)), group)


@pytest.mark.parametrize(
    ("found", "rank"),
    [
        (said("INPUT_SCALE"), 1),
        (said("LR_HIGH", "SATURATION"), 2),
        (said("LR_HIGH", "PLATEAU", "OVERFIT", "INPUT_SCALE"), 4),
        (said("LR_HIGH"), None),
        ((), None),
        (said("LR_HIGH", severity="INFO") + said("INPUT_SCALE", severity="ERROR"), 1),
        (said("INPUT_SCALE", severity="INFO"), None),
    ],
)
def test_the_place_of_the_first_listed_fault_among_warnings_and_errors(found, rank):
    assert Run(0, found).rank(LISTED) == rank


def test_other_alarms_are_roots_of_a_faulty_program_and_all_of_a_healthy_one():
    run = Run(0, said("INPUT_SCALE", "LR_HIGH") + said("VANISHING", root=False) + said("OVERFIT", severity="INFO"))
    assert run.others(LISTED) == 1  # LR_HIGH; VANISHING follows from it
    assert run.others(()) == 3


def test_a_remedy_counts_for_a_listed_fault_only():
    assert Run(0, said("INPUT_SCALE", confirmed=True)).confirmed(LISTED)
    assert not Run(0, said("LR_HIGH", confirmed=True)).confirmed(LISTED)
    assert not Run(0, said("INPUT_SCALE", confirmed=False)).confirmed(LISTED)
    assert not Run(0, said("INPUT_SCALE", confirmed=None)).confirmed(LISTED)


@pytest.mark.parametrize(("answers", "more"), [([1, 1, 0], True), ([1, 0], False), ([], False), ([1], True)])
def test_most_is_more_than_half(answers, more):
    assert most(map(bool, answers)) is more


def test_a_case_has_what_most_of_its_seeds_have():
    hit, second, miss = said("INPUT_SCALE"), said("LR_HIGH", "INPUT_SCALE"), said("LR_HIGH")
    assert case(hit, hit, miss).first
    split = case(hit, second, miss)
    assert (split.first, split.third, split.named) == (False, True, True)
    assert split.typical.said == second
    assert not case(miss, miss, hit).named


def test_a_healthy_program_with_any_warning_in_most_seeds_is_a_false_alarm():
    assert case(said("OVERFIT"), said("LR_LOW"), (), faults=()).false_alarm
    assert not case(said("OVERFIT"), (), (), faults=()).false_alarm
    assert not case(said("OVERFIT", severity="INFO"), faults=()).false_alarm


def test_a_doctor_that_fails_misses_a_faulty_program_and_alarms_a_healthy_one():
    broken = (Run(0, error="ValueError: no"),)
    assert not Verdict("a", "A", LISTED, broken).first
    assert Verdict("a", "A", LISTED, broken).error == "ValueError: no"
    assert Verdict("a", "CONTROL", (), broken).false_alarm


def test_duplicates_are_one_case_that_has_what_most_of_them_have():
    hit, miss = said("INPUT_SCALE"), said("LR_HIGH")
    group = [case(found, id=str(i), group="same") for i, found in enumerate([hit, hit, miss])]
    found = row([*group, case(miss, id="alone")])
    assert (found["cases"], found["top1"], found["top3"]) == (2, 1, 1)
    assert row(group[1:])["top1"] == 0  # one of two is not more than half


def test_a_case_that_was_not_run_is_no_case():
    absent = Verdict("b", "A", LISTED, (Run(0, not_run="unknown kind of data"),))
    found = row([case(said("INPUT_SCALE")), absent])
    assert (found["cases"], found["top1"], found["not_run"]) == (1, 1, 1)
    assert units([absent]) == []


def test_the_table_counted_by_hand():
    hit = said("INPUT_SCALE", confirmed=True)
    verdicts = [
        case(hit, id="1", tier="B"),
        case(said("LR_HIGH", "INPUT_SCALE"), id="2"),
        case(said("LR_HIGH"), id="3"),
        case((), id="4", tier="CONTROL", faults=()),
        case(said("LR_HIGH"), id="5", tier="CONTROL", faults=()),
        case(said("LR_HIGH"), (), (), id="1", tier=TWIN, faults=()),
        case((), id="6", tier="NEW", faults=()),
    ]
    found = table(verdicts)
    assert list(found) == ["A+B", "A", "B", "CONTROL", TWIN, "NEW"]
    five = {
        tier: tuple(r[name] for name in ("cases", "top1", "top3", "false_alarms", "confirmed"))
        for tier, r in found.items()
    }
    assert five == {
        "A+B": (3, 1, 2, 0, 1),
        "A": (2, 0, 1, 0, 0),
        "B": (1, 1, 1, 0, 1),
        "CONTROL": (2, 0, 0, 1, 0),
        TWIN: (1, 0, 0, 0, 0),
        "NEW": (1, 0, 0, 0, 0),
    }
    assert (found[TWIN]["false_alarm_runs"], found[TWIN]["healthy_runs"]) == (1, 3)
    assert tiers(verdicts) == ["A", "B", "CONTROL", TWIN, "NEW"]


def test_the_document_of_a_case_has_the_findings_of_a_typical_run():
    verdict = case(said("LR_HIGH"), said("INPUT_SCALE", "LR_HIGH", confirmed=True), said("INPUT_SCALE"))
    found = verdict.document()
    assert found["findings"] == ["INPUT_SCALE", "LR_HIGH"]
    assert (found["alarms"], found["confirmed"], found["first"]) == (1, False, True)
    assert [run["seed"] for run in found["runs"]] == [0, 1, 2]
