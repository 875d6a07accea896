from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chainrule.core.errors import MissingExtraError
from chainrule.core.settings import yes_or_no
from chainrule.training.callbacks.base import CALLBACKS, Callback

if TYPE_CHECKING:
    from chainrule.training.trainer import Trainer

ROWS = 20  # of the table, about; longer trainings show every k-th epoch
BLINK = 0.1  # seconds between updates of the bar, so that it costs far below 1 % of the time

# History column -> (heading, format); a column that is not here is shown under its own name.
COLUMNS = {
    "loss": ("loss", ".5f"),
    "accuracy": ("train accuracy", ".4f"),
    "r2": ("train R2", ".4f"),
    "validation_loss": ("val. loss", ".5f"),
    "validation_accuracy": ("val. accuracy", ".4f"),
    "validation_r2": ("val. R2", ".4f"),
    "learning_rate": ("learning rate", ".2e"),
    "seconds": ("seconds", ".2f"),
    "rows_per_second": ("rows/s", ",.0f"),
}


@CALLBACKS.register("progress")
@dataclass(eq=False)
class Progress(Callback):
    """A table of epochs on standard output, and a bar on standard error where that is a terminal.

    The bar shows epoch, loss, metric, rows a second and the time left. ``table=False`` leaves the table out,
    ``bar=False`` the bar.
    """

    table: bool = True
    bar: bool = True

    _live: Any = field(default=None, init=False, repr=False)
    _task: Any = field(default=None, init=False, repr=False)
    _next: float = field(default=0.0, init=False, repr=False)
    _started: float = field(default=0.0, init=False, repr=False)
    _every: int = field(default=1, init=False, repr=False)
    _headed: bool = field(default=False, init=False, repr=False)
    _metric: str = field(default="", init=False, repr=False)
    _before: int = field(default=0, init=False, repr=False)  # rows that an earlier process had learned from

    def __post_init__(self) -> None:
        yes_or_no("progress: table", self.table)
        yes_or_no("progress: bar", self.bar)

    def on_fit_start(self, trainer: Trainer) -> None:
        self._every = max(1, round(trainer.epochs / ROWS))
        self._started, self._before = time.perf_counter(), _seen(trainer) if trainer.state.t else 0
        if self.bar and sys.stderr.isatty():
            self._live = _bar()
            self._task = self._live.add_task("training", total=trainer.steps or None, facts="")
            self._live.start()

    def on_step_end(self, trainer: Trainer) -> None:
        if self._live is None or (now := time.perf_counter()) < self._next:
            return
        self._next = now + BLINK
        speed = (_seen(trainer) - self._before) / (now - self._started)
        self._live.update(
            self._task,
            completed=trainer.state.t,
            description=f"epoch {trainer.state.epoch}/{trainer.epochs}",
            facts=f"loss {trainer.loss:.4f}{self._metric}  {speed:,.0f} rows/s",
        )

    def on_epoch_end(self, trainer: Trainer, row: dict[str, Any]) -> None:
        for name in ("validation_accuracy", "validation_r2", "accuracy", "r2"):
            if name in row:
                self._metric = f"  {COLUMNS[name][0]} {row[name]:.4f}"
                break
        last = row["epoch"] == trainer.epochs or trainer.history.stopped is not None
        if self.table and (last or row["epoch"] == 1 or row["epoch"] % self._every == 0):
            if not self._headed:
                self._headed = True
                self._print("epoch  " + "  ".join(f"{heading:>{_width(heading)}}" for heading, _ in _shown(row)))
            self._print(
                f"{row['epoch']:5}  " + "  ".join(f"{cell:>{_width(heading)}}" for heading, cell in _shown(row))
            )

    def on_fit_end(self, trainer: Trainer) -> None:
        if self._live is not None:
            self._live.update(self._task, completed=trainer.state.t)
            self._live.stop()
            self._live = None

    def _print(self, line: str) -> None:
        if self._live is not None and sys.stdout.isatty():
            self._live.console.print(line, markup=False, highlight=False)  # above the bar, on the same terminal
        else:
            sys.stdout.write(line + "\n")
            sys.stdout.flush()


def _seen(trainer: Trainer) -> int:
    """Rows learned from so far, those of the batch included."""
    return (trainer.state.epoch - 1) * trainer.rows + trainer.done + trainer.state.row + trainer.batch_size


def _shown(row: dict[str, Any]) -> list[tuple[str, str]]:
    """Heading and cell of each column of a row but its epoch."""
    found = []
    for name, value in row.items():
        if name != "epoch":
            heading, form = COLUMNS.get(name, (name.replace("validation_", "val. "), ".5g"))
            # a loss summed over thousands of rows needs an exponent, and so does the R2 of a wild start
            if form in (".4f", ".5f") and value and not 1e-4 <= abs(value) < 1e4:
                form = ".2e"
            found.append((heading, format(value, form)))
    return found


def _width(heading: str) -> int:
    return max(len(heading), 8)


def _bar() -> Any:
    """rich's progress bar on standard error; it honors NO_COLOR and leaves standard output alone."""
    try:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
    except ImportError:
        raise MissingExtraError("the progress bar needs rich; install it with: pip install rich") from None
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        TaskProgressColumn(),
        TextColumn("{task.fields[facts]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
        refresh_per_second=10,
    )
