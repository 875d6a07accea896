"""What stands before the first layer and after the last one."""

from __future__ import annotations

from chainrule.core.errors import SettingError, ShapeError
from chainrule.core.settings import show
from chainrule.preprocessing import Preprocessing
from chainrule.targets import Target


def check_ends(d_in: int, d_out: int, preprocessing: Preprocessing | None, target: Target | None) -> None:
    """Refuse preprocessing or a target that is not for a network of these widths."""
    if preprocessing is not None and not isinstance(preprocessing, Preprocessing):
        raise SettingError(f"preprocessing is one of cr.preprocessing, fitted; not {show(preprocessing)}")
    if target is not None and not isinstance(target, Target):
        raise SettingError(f"target is one of cr.targets; not {show(target)}")
    if preprocessing is not None and preprocessing.d_out != d_in:
        raise ShapeError(f"the preprocessing gives {preprocessing.d_out} features; the network takes {d_in}")
    if target is not None:
        names, two = len(target.names), target.task == "classes" and len(target.names) == 2
        if d_out != names and not (two and d_out == 1):
            raise ShapeError(f"the target has {names} names; the network has {d_out} outputs")
