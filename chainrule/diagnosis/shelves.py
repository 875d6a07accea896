"""Everything the doctor can say, by name: rules of training, and of drift."""

from __future__ import annotations

from chainrule.diagnosis.drifts import DRIFTS, Drift
from chainrule.diagnosis.rules import RULES, Rule

NAMES = (*RULES, *DRIFTS)


def rule_named(name: str) -> type[Rule] | type[Drift]:
    """Raises UnknownNameError, with the nearest rule of training."""
    return DRIFTS[name] if name in DRIFTS else RULES[name]
