"""``doctor MODEL NEW_DATA``: new rows compared with those the model was trained on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from chainrule.cli.output import model_path
from chainrule.core.errors import SettingError
from chainrule.diagnosis.drift import compare as compared
from chainrule.network import Network
from chainrule.runs.sources import rows_for

if TYPE_CHECKING:
    from chainrule.cli.examining import Asked

TAKEN = ("data_dir",)


def compare(asked: Asked, given: dict[str, Any]) -> int:
    """The exit code. Options of a training are refused: nothing is trained."""
    from chainrule.cli.examining import exit_code, give_out

    odd = [f"--{name.replace('_', '-')}" for name in given if name not in TAKEN]
    odd += ["--apply"] if asked.apply is not None else []
    if odd:
        raise SettingError(
            f"doctor MODEL NEW_DATA trains nothing, so it doesn't take {', '.join(odd)}; leave it out"
        )
    assert asked.new_data is not None
    network = Network.load(model_path(Path(asked.source)))
    folder = given.get("data_dir")
    X, _, _ = rows_for(network, asked.new_data, None, Path(folder) if folder else None, answers=False)
    report = compared(network, X)
    give_out(report, asked, [])
    return exit_code(report, asked.fail_on)
