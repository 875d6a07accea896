"""One file a rule: what it sees, why it matters, what to try. See ``base``."""

from chainrule.diagnosis.rules.base import RULES, Rule

__all__ = ["RULES", "Rule"]
