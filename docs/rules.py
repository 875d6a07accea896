"""Writes docs/rules/, a page for each rule of the doctor, from their docstrings:  python docs/rules.py"""

from pathlib import Path

from chainrule.diagnosis.drifts import DRIFTS
from chainrule.diagnosis.pages import page, parts
from chainrule.diagnosis.rules import RULES
from chainrule.diagnosis.rules.base import STAGES

FOLDER = Path(__file__).parent / "rules"
HEAD = """# The rules of the doctor

Each is a file in `chainrule/diagnosis/rules/` or `drifts/`, and says what it sees, why it matters and what to try;
its page is made from it by `python docs/rules.py`, and its program is run by the tests. They stand in the order of
causes: what comes earlier explains what comes later.
"""


def index() -> str:
    """The list of all rules, by stage."""
    lines = [HEAD]
    for stage in STAGES:
        lines.append(f"## {stage[0].upper()}{stage[1:]}\n")
        lines += [
            f"- [{name}]({name}.md): {parts(RULES[name])['fault_in_words']}"
            for name in RULES
            if RULES[name].stage == stage
        ]
        lines.append("")
    lines.append("## Drift: new data beside those of training\n")
    lines += [f"- [{name}]({name}.md): {parts(DRIFTS[name])['fault_in_words']}" for name in DRIFTS]
    return "\n".join([*lines, ""])


def pages() -> dict[str, str]:
    """File name -> text."""
    every = {name: shelf[name] for shelf in (RULES, DRIFTS) for name in shelf}
    return {"README.md": index(), **{f"{name}.md": page(rule) for name, rule in every.items()}}


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.md"):
        old.unlink()
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
