"""Which questions a user has answered, kept in the user's own folder for such things."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

from chainrule.core.errors import FileError
from chainrule.core.files import read, write_whole

MOST_BYTES = 100_000


def place() -> Path:
    """The file: in XDG_STATE_HOME, unless told ~/.local/state; where other systems keep theirs."""
    home = Path.home()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = home / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_STATE_HOME") or home / ".local" / "state")
    return base / "chainrule" / "learn.json"


@dataclass
class Progress:
    """Question name -> whether its first answer was right; None where it was answered in one's own words."""

    path: Path
    answered: dict[str, bool | None] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> Progress:
        """What the file holds. A missing file is no progress; FileError if it is not such a file."""
        if not path.exists():
            return cls(path)
        wrong = FileError(f"{path} is not the progress of `chainrule learn`; --reset begins anew")
        try:
            found = json.loads(read(path, "the progress of `chainrule learn`", MOST_BYTES))
        except (ValueError, RecursionError):
            raise wrong from None
        answered = found.get("answered") if isinstance(found, dict) else None
        if not isinstance(answered, dict) or not all(x in (True, False, None) for x in answered.values()):
            raise wrong
        return cls(path, answered)

    def record(self, name: str, right: bool | None) -> None:
        """Keep one answer; the first to a question counts."""
        if name in self.answered:
            return
        self.answered[name] = right
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise FileError(f"cannot keep your progress in {self.path}: {problem.strerror}") from None
        write_whole(self.path, json.dumps({"answered": self.answered}, indent=2).encode() + b"\n")

    def reset(self) -> None:
        """Forget everything."""
        self.answered.clear()
        try:
            self.path.unlink(missing_ok=True)
        except OSError as problem:
            raise FileError(f"cannot remove {self.path}: {problem.strerror}") from None
