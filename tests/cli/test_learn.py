"""chainrule learn: questions one at a time, from a terminal or a pipe, with progress kept."""

import io
import json

import pytest

from chainrule.studies.questions import QUESTIONS, Shown, in_order

NAMES = [question.name for question in in_order()]


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """The user's folder, and experiments that take no time."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for cls in QUESTIONS.classes().values():
        monkeypatch.setattr(cls, "show", lambda self: Shown(("measured",), {"found": True}))
    return tmp_path / "state" / "chainrule" / "learn.json"


@pytest.fixture
def learn(chainrule, monkeypatch):
    def call(typed, *words):
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        return chainrule("learn", *words)

    return call


def right(number):
    """The letter of the right choice of a question, counted from 1."""
    return "abcdefgh"[in_order()[number - 1].right]


def test_an_answer_is_judged_shown_and_kept(learn, home):
    found = learn(f"{right(1)}\nq\n")
    assert (found.code, found.err) == (0, "")
    assert "Right." in found.out
    assert "measured" in found.out
    assert "1 of 19 questions seen, 1 answered right" in found.out
    assert json.loads(home.read_text()) == {"answered": {NAMES[0]: True}}


def test_the_next_call_goes_on_and_a_wrong_answer_is_said(learn, home):
    learn(f"{right(1)}\nq\n")
    wrong = "b" if right(2) == "a" else "a"
    found = learn(f"maybe\n{wrong}\n\n")
    assert found.out.startswith("2/19")
    assert "Answer with one of" in found.out
    assert f"No: not {wrong}." in found.out
    assert json.loads(home.read_text())["answered"] == {NAMES[0]: True, NAMES[1]: False}


def test_enter_shows_the_answer_without_judging(learn, home):
    found = learn("\nq\n")
    assert "Right." not in found.out
    assert "No:" not in found.out
    assert json.loads(home.read_text())["answered"] == {NAMES[0]: None}


@pytest.mark.parametrize("typed", ["", "q\n"])
def test_leaving_at_once_is_polite_and_keeps_nothing(learn, home, typed):
    found = learn(typed)
    assert (found.code, found.err) == (0, "")
    assert "0 of 19" in found.out
    assert not home.exists()


def test_ctrl_c_leaves_politely_with_130(chainrule, monkeypatch, home):
    class Interrupted(io.StringIO):
        def readline(self):
            raise KeyboardInterrupt

    monkeypatch.setattr("sys.stdin", Interrupted())
    found = chainrule("learn")
    assert (found.code, found.err) == (130, "")
    assert "goes on from here" in found.out


def test_all_answered_says_so_and_reset_begins_anew(learn, home):
    found = learn("\n" * 100)
    assert "19 of 19 questions seen" in found.out
    assert "--reset" in learn("").out
    assert learn("", "--reset").code == 0
    assert not home.exists()
    assert learn("").out.startswith("1/19")


def test_one_question_can_be_asked_again_and_its_first_answer_counts(learn, home):
    wrong = "b" if in_order()[0].right == 0 else "a"
    learn(f"{wrong}\n", "--question", NAMES[0].replace("_", "-"))
    learn(f"{right(1)}\n", "--question", NAMES[0])
    assert json.loads(home.read_text())["answered"] == {NAMES[0]: False}


@pytest.mark.parametrize("content", ["{", "[]", '{"answered": {"relu": 3}}', '{"answered": []}', "\x00"])
def test_a_file_that_is_no_progress_is_refused_in_one_line(fails, home, content):
    home.parent.mkdir(parents=True)
    home.write_text(content)
    fails(1, "is not the progress of `chainrule learn`; --reset", "learn")


def test_an_unknown_question_has_a_nearest_one(fails):
    fails(2, "Did you mean 'fraud'", "learn", "--question", "fruad")


def test_json_and_all_print_every_question(done):
    found = json.loads(done("learn", "--json"))
    assert [each["name"] for each in found] == NAMES
    assert found[0]["claims"] == {"found": True}
    out = done("learn", "--all")
    for number in range(1, len(NAMES) + 1):
        assert f"\n{number}/{len(NAMES)}  " in "\n" + out


def test_an_experiment_that_finds_otherwise_makes_exit_code_1(chainrule, learn, monkeypatch):
    monkeypatch.setattr(QUESTIONS[NAMES[0]], "show", lambda self: Shown(("x",), {"found": False}))
    assert chainrule("learn", "--all").code == 1
    found = learn("\n", "--question", NAMES[0])
    assert found.code == 1
    assert "NO:" in found.out
