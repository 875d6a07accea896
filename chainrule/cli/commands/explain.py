from __future__ import annotations

import inspect
import textwrap
from typing import Annotated

from cyclopts import Parameter

from chainrule.cli.output import print_json
from chainrule.diagnosis.pages import parts
from chainrule.diagnosis.shelves import NAMES, rule_named


def explain(
    rule: Annotated[str | None, Parameter(help="A rule, as dead-units; all of them without it.")] = None,
    /,
    *,
    json: Annotated[bool, Parameter(help="Print one JSON document and nothing else.")] = False,
) -> int:
    """Explain a rule of the doctor: what it sees, why it matters, what to try.

    $ chainrule explain
    $ chainrule explain dead-units
    """
    if rule is None:
        return _list(json)
    cls = rule_named(rule)
    said = parts(cls)
    if json:
        print_json({"rule": rule, "fault": cls.fault, "stage": cls.stage, "explains": cls.explains, **said})
        return 0
    print(f"{rule}  ({cls.stage})\n")
    print("\n".join(textwrap.wrap(said.pop("fault_in_words"), 88)))
    for heading, text in said.items():
        print(f"\n{heading}\n" + "\n".join(textwrap.wrap(text, 88, initial_indent="  ", subsequent_indent="  ")))
    if cls.explains:
        known = ", ".join(cls.explains)
        print(
            "\nConsequences\n" + "\n".join(textwrap.wrap(known, 88, initial_indent="  ", subsequent_indent="  "))
        )
    if cls.example:
        print(f"\nA program that shows it, and its cure\n\n{textwrap.indent(inspect.cleandoc(cls.example), '  ')}")
    return 0


def _list(json: bool) -> int:
    said = {name: parts(rule_named(name))["fault_in_words"] for name in NAMES}
    if json:
        print_json({"rules": said})
        return 0
    width = max(map(len, said))
    for name, text in said.items():
        first, *more = textwrap.wrap(text, 92 - width)
        print(f"{name:<{width}}  {first}")
        for line in more:
            print(f"{'':<{width}}  {line}")
    return 0
