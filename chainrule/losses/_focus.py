from __future__ import annotations

from chainrule.core.settings import number
from chainrule.core.types import Array


def focus(loss: Array, p: Array, q: Array, gamma: float) -> None:
    """From l = -log p, p and q = 1 - p, in place: ``loss`` becomes q^gamma l, and ``p`` what it falls by where the
    logit of p rises, q^gamma (q + gamma p l); ``q`` becomes q^gamma."""
    p *= gamma
    p *= loss
    p += q
    if gamma == 2:  # the usual one; a power takes ten times as long
        q *= q
    else:
        q **= gamma
    p *= q
    loss *= q


def check_gamma(name: str, gamma: float) -> None:
    """Refuse a gamma that isn't from 0 to 100."""
    number(f"{name}: gamma", gamma, least=0, most=100)
