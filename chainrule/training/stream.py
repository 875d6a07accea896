"""Rows that come in chunks, for data larger than memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from chainrule.core.errors import ChainruleError, InputError, SettingError
from chainrule.core.settings import MOST_SIZE, several, show, whole
from chainrule.optimizers import Optimizer
from chainrule.regularizers import Regularizer
from chainrule.regularizers.base import Average
from chainrule.schedules import Schedule
from chainrule.training.evaluation import Rows
from chainrule.training.fingerprint import digest_of


@dataclass(frozen=True)
class Stream:
    """``fit(network, Stream(chunks))``: ``chunks()`` begins an epoch; it yields (X, y) or (X, y, sample_weight).

    It is called once an epoch, and once before the first. A chunk's rows are shuffled among themselves, its last
    batch may be short, and it is let go when the next one has come: two are in memory at a time.

    ``sizes``, the rows of each chunk, tell how many steps there will be, for which most schedules ask. Training
    scores after an epoch are those of rows of the first chunk.
    """

    chunks: Callable[[], Iterable[Any]]
    sizes: Sequence[int] | None = None

    def __post_init__(self) -> None:
        if not callable(self.chunks):
            raise InputError(
                "a Stream is given a function that makes a fresh iterator of chunks each time it is called, as "
                f"Stream(lambda: map(load, files)); not {show(self.chunks)}"
            )
        if self.sizes is not None:
            sizes = several("sizes", self.sizes, "[1000, 1000, 480]")
            for size in sizes:
                whole("sizes: the rows of a chunk", size, most=MOST_SIZE)
            object.__setattr__(self, "sizes", sizes)


def check_stream(
    y: Any,
    sample_weight: Any,
    batch_size: Any,
    class_weight: Any,
    rule: Optimizer,
) -> None:
    """Refuse, in one line, what needs all rows at once or comes with the chunks."""
    problem = None
    if y is not None or sample_weight is not None:
        problem = "a Stream's chunks are (X, y) or (X, y, sample_weight); give fit neither y nor sample_weight"
    elif batch_size == "full" or rule.full_batch:
        what = f"{rule.name} needs" if rule.full_batch else 'batch_size "full" means'
        problem = f"{what} all rows at once, which a Stream is there to avoid; give a number, and try adam"
    elif isinstance(class_weight, str):
        problem = f'class_weight "{class_weight:.20}" counts all rows at once; give a Stream\'s as a dictionary'
    if problem is not None:
        raise SettingError(problem)


class Chunks:
    """The chunks of a stream, prepared by ``rows``; iterating over it is an epoch."""

    def __init__(self, stream: Stream, prepare: Callable[..., Rows]) -> None:
        self._stream, self._prepare = stream, prepare
        self._form: tuple[Any, ...] = ()
        self.rows = sum(stream.sizes or ())  # 0 where nobody said
        self.expected: str | None = None  # the digest of the chunk that a checkpoint goes on in

    def steps(self, size: int) -> int:
        """Of an epoch, ``size`` rows a step; 0 where nobody said."""
        return sum(-(-rows // size) for rows in self._stream.sizes or ())

    def check_length(self, schedule: Schedule, regularizers: Iterable[Regularizer]) -> None:
        """Refuse what needs the number of steps where it isn't known."""
        averages = (thing.name for thing in regularizers if isinstance(thing, Average) and thing.needs_steps)
        name = schedule.name if schedule.needs_steps else next(averages, None)
        if name is not None and not self.rows:
            raise SettingError(
                f"{name} needs to know how many steps there will be: give the rows of each chunk, as in "
                "Stream(chunks, sizes=[1000, 1000, 480]), or leave it out"
            )

    def first(self) -> Rows:
        """The first chunk, of an iterator of its own."""
        return next(iter(self))

    def after(self, count: int) -> Iterator[Rows]:
        """The chunks of an epoch without the first ones; InputError where the next is not the one expected."""
        for number, rows in enumerate(self):
            if number < count:
                continue
            expected, self.expected = self.expected, None
            if expected not in (None, digest_of(rows)):
                raise InputError(
                    f"chunk {number + 1} of the Stream is not the one that the checkpoint was written in. Does "
                    "its function give the same chunks in the same order each time?"
                )
            yield rows

    def __iter__(self) -> Iterator[Rows]:
        sizes, given = self._stream.sizes, iter(self._stream.chunks())
        count = 0
        while (rows := self._next(given, count)) is not None:
            count += 1
            if sizes is not None and (count > len(sizes) or len(rows.x) != sizes[count - 1]):
                said = f"of {sizes[count - 1]}" if count <= len(sizes) else f"one of {len(sizes)}"
                raise InputError(f"chunk {count} has {len(rows.x)} rows; sizes says it is {said}")
            yield rows
        if not count or (sizes is not None and count < len(sizes)):
            more = f"; sizes says there are {len(sizes)}" if sizes is not None and count else ""
            raise InputError(
                f"an epoch of the Stream had {count} chunks{more}. "
                "Does its function make a fresh iterator each time?"
            )

    def _next(self, given: Iterator[Any], count: int) -> Rows | None:
        """The next chunk, of which only what is prepared stays."""
        for chunk in given:
            if not isinstance(chunk, tuple | list) or len(chunk) not in (2, 3):
                raise InputError(f"chunk {count + 1} is to be (X, y), or (X, y, sample_weight); not {show(chunk)}")
            try:
                rows = self._prepare(*chunk)
            except ChainruleError as problem:
                problem.args = (f"chunk {count + 1}: {problem}",)
                raise
            form = (rows.target.dtype, rows.target.shape[1:], rows.weight is None)
            self._form = self._form or form
            if form != self._form:
                raise InputError(f"chunk {count + 1} has answers or weights of another kind than the first one")
            return rows
        return None
