"""Writing generated parts between marks of a document whose words are written by hand.

<!-- sweep: best -->
... replaced ...
<!-- end -->
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chainrule.core.errors import FileError
from chainrule.core.files import read, write_whole


@dataclass(frozen=True)
class Marks:
    """Those of one ``kind``, as "sweep"; ``names`` are its parts."""

    kind: str
    names: tuple[str, ...]

    @property
    def _form(self) -> re.Pattern[str]:
        return re.compile(rf"(<!-- {self.kind}: ([a-z]+) -->\n).*?(<!-- end -->)", re.DOTALL)

    def check(self, path: Path) -> str:
        """The text of a document with marks; FileError for one without, before any work is done."""
        text = read(path, "a Markdown file with marks").decode("utf-8", errors="replace")
        if not self._form.search(text):
            first, *others = self.names
            raise FileError(
                f"{path} has no place for tables; expected lines <!-- {self.kind}: {first} --> and <!-- end --> "
                f"(also {', '.join(others)})"
            )
        return text

    def fill(self, path: Path, parts: Mapping[str, str]) -> None:
        """Replace what stands between the marks; what there is no part for stays."""

        def filled(match: re.Match[str]) -> str:
            start, name, end = match.groups()
            return f"{start}{parts[name]}{end}" if name in parts else match.group()

        write_whole(path, self._form.sub(filled, self.check(path)).encode())
