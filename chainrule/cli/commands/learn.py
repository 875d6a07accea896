from __future__ import annotations

import sys
from typing import Annotated

from cyclopts import Parameter

from chainrule.cli.output import print_json
from chainrule.core.errors import UnknownNameError
from chainrule.core.settings import nearest
from chainrule.studies.lesson import LETTERS, answered, asked, page
from chainrule.studies.progress import Progress, place
from chainrule.studies.questions import Question, in_order

INTERRUPTED = 130


def learn(
    *,
    question: Annotated[str | None, Parameter(help="Only this one, by its name: relu, fraud ...")] = None,
    all: Annotated[bool, Parameter(help="Print every question with its answer, and ask nothing.")] = False,
    markdown: Annotated[bool, Parameter(help="Print them as a Markdown page.")] = False,
    json: Annotated[bool, Parameter(help="Print them as one JSON document and nothing else.")] = False,
    reset: Annotated[bool, Parameter(help="Forget what was answered.")] = False,
) -> int:
    """Answer questions on how networks learn, one at a time; each answer is then shown by an experiment.

    $ chainrule learn
    $ chainrule learn --question fraud
    $ chainrule learn --all

    Answer with a letter, or with Enter to see the answer; q or Ctrl-D ends. What
    was answered is kept, and the next call goes on from there. Each experiment
    takes a few seconds at most. Exit code 1 if one did not find what the answer
    claims.
    """
    everything = in_order()
    questions = _chosen(everything, question)
    if reset:
        Progress(place()).reset()
        print("Forgotten: the questions begin anew.")
        return 0
    if all or markdown or json:
        return _print(questions, everything, markdown, json)
    return _ask(questions, everything, question is not None)


def _chosen(everything: list[Question], name: str | None) -> list[Question]:
    if name is None:
        return everything
    found = [each for each in everything if each.name == name.replace("-", "_")]
    if not found:
        raise UnknownNameError(
            f"unknown question {name!r:.80}.{nearest(name, [each.name for each in everything])}"
        )
    return found


def _print(questions: list[Question], everything: list[Question], markdown: bool, json: bool) -> int:
    """All of them, with their experiments."""
    shown = [(each, each.show()) for each in questions]
    if json:
        print_json([
            {
                "name": q.name, "question": q.question, "choices": q.choices, "right": q.right, "answer": q.answer,
                "shown": s.lines, "claims": dict(s.claims),
            }
            for q, s in shown
        ])  # fmt: skip
    elif markdown:
        print(page(shown, "chainrule learn --markdown"), end="")
    else:
        for q, s in shown:
            print(f"{asked(q, everything.index(q) + 1, len(everything))}\n\n{answered(q, s)}\n")
    return 0 if all(s.supports for _, s in shown) else 1


def _ask(questions: list[Question], everything: list[Question], again: bool) -> int:
    """One at a time, until they or the patience end."""
    progress = Progress.load(place())
    left = questions if again else [each for each in questions if each.name not in progress.answered]
    if not left:
        print(f"{_score(progress, everything)} Again from the start: chainrule learn --reset")
        return 0
    supported = True
    try:
        for each in left:
            print(asked(each, everything.index(each) + 1, len(everything)))
            right = _judge(each)
            shown = each.show()
            supported = supported and shown.supports
            print(f"\n{answered(each, shown)}\n")
            progress.record(each.name, right)
            if each is not left[-1] and _line("Enter for the next, q to end: ").lower() == "q":
                raise EOFError
    except EOFError:
        print(f"\n{_score(progress, everything)} `chainrule learn` goes on from here.")
    except KeyboardInterrupt:
        print(f"\n{_score(progress, everything)} `chainrule learn` goes on from here.")
        return INTERRUPTED
    else:
        print(_score(progress, everything))
    return 0 if supported else 1


def _judge(question: Question) -> bool | None:
    """Whether the first answer is right; None if none was tried. Asks until it is a letter, or nothing."""
    if not question.choices:
        _line("\nThink of an answer, then Enter: ")
        return None
    letters = LETTERS[: len(question.choices)]
    while True:
        said = _line(f"\n{', '.join(letters)}, or Enter to see: ").lower().rstrip(").")
        if said == "q":
            raise EOFError
        if said == "":
            return None
        if len(said) == 1 and said in letters:
            right = letters.index(said) == question.right
            print("\nRight." if right else f"\nNo: not {said}.")
            return right
        print(f"Answer with one of {', '.join(letters)}; q ends.")


def _line(prompt: str) -> str:
    """What the user types, without the newline; EOFError at the end of the input."""
    sys.stdout.write(prompt)
    sys.stdout.flush()
    line = sys.stdin.readline() if sys.stdin is not None else ""
    if not line:
        raise EOFError
    if not sys.stdin.isatty():
        sys.stdout.write("\n")
    return line.strip()


def _score(progress: Progress, everything: list[Question]) -> str:
    mine = [progress.answered[each.name] for each in everything if each.name in progress.answered]
    right = sum(value is True for value in mine)
    return f"{len(mine)} of {len(everything)} questions seen, {right} answered right."
