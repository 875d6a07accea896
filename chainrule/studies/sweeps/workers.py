"""Who does the trainings: this process, joblib's processes on this machine, or a Dask cluster behind joblib."""

from __future__ import annotations

import functools
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from chainrule.core.errors import ChainruleError, FileError, MissingExtraError, SettingError
from chainrule.core.settings import show, whole

Task = TypeVar("Task")
Answer = TypeVar("Answer")
DEATHS = 3  # of workers, with no result between them, until the sweep gives up
PATIENCE = 10  # seconds until a scheduler has answered
_ADDRESS = re.compile(r"dask://([^/\s:]+|\[[^\]\s]+\]):(\d+)/?")


class WorkersError(ChainruleError):
    """Workers die faster than they work."""


@dataclass(frozen=True)
class Workers:
    """``number`` processes on this machine, or those of the Dask scheduler at ``cluster``."""

    number: int = 1
    cluster: str | None = None

    def __post_init__(self) -> None:
        whole("--workers", self.number, most=10_000)
        if self.cluster is not None and not _ADDRESS.fullmatch(self.cluster):
            raise SettingError(f"--cluster takes dask://HOST:PORT, not {show(self.cluster)}")

    def check(self) -> None:
        """Complain about a missing library before anything is done."""
        if self.cluster is not None:
            _distributed()
        if self.number > 1 or self.cluster is not None:
            _joblib()

    def run(self, function: Callable[[Task], Answer], tasks: Sequence[Task]) -> Iterator[Answer]:
        """The answers as they come. A task whose worker died is done again.

        Raises WorkersError after three deaths without an answer between them.
        """
        if self.cluster is not None:
            with _client(self.cluster):
                yield from _pooled(function, tasks, {"backend": "dask"})
        elif self.number == 1:
            yield from map(function, tasks)
        else:
            crew = {"backend": "loky", "n_jobs": self.number, "inner_max_num_threads": 1}
            yield from _pooled(function, tasks, crew)

    def count(self) -> int:
        """How many trainings run at a time."""
        if self.cluster is None:
            return self.number
        with _client(self.cluster) as client:
            return max(1, int(sum(client.nthreads().values())))


def _pooled(function: Callable[[Task], Answer], tasks: Sequence[Task], crew: dict[str, Any]) -> Iterator[Answer]:
    joblib = _joblib()
    left, deaths = dict(enumerate(tasks)), 0
    while left:
        try:
            with joblib.parallel_config(**crew):
                pool = joblib.Parallel(return_as="generator_unordered", batch_size=1)
                answers = pool(joblib.delayed(_alone)(function, i, task) for i, task in list(left.items()))
            try:
                for i, answer in answers:
                    deaths = 0
                    del left[i]
                    yield answer
            finally:
                with warnings.catch_warnings():  # of answers that nobody fetches, as after Ctrl-C
                    warnings.simplefilter("ignore")
                    answers.close()
        except _deaths():
            deaths += 1
            if deaths == DEATHS:
                raise WorkersError(
                    f"{deaths} times a worker was killed and none finished a trial between: is memory short? "
                    "Try fewer --workers; the same command goes on where this one stopped"
                ) from None


def _alone(function: Callable[[Task], Answer], number: int, task: Task) -> tuple[int, Answer]:
    """What a worker runs: with one BLAS thread, since there are as many workers as cores."""
    _one_thread()
    return number, function(task)


@functools.cache
def _one_thread() -> Any:
    """For the rest of this process's life. Threads of one Dask worker that took turns would undo each other's."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(limits=1)


def _deaths() -> tuple[type[BaseException], ...]:
    from joblib.externals.loky.process_executor import BrokenProcessPool

    try:
        from distributed import KilledWorker
    except ImportError:
        return (BrokenProcessPool,)
    return (BrokenProcessPool, KilledWorker)


def _joblib() -> Any:
    try:
        import joblib
    except ImportError:
        raise MissingExtraError(
            "several workers need joblib; install it with: pip install 'chainrule[search]', or --workers 1"
        ) from None
    return joblib


def _distributed() -> Any:
    try:
        import distributed
    except ImportError:
        raise MissingExtraError(
            "--cluster needs Dask; install it with: pip install 'chainrule[cluster]'"
        ) from None
    return distributed


def _client(address: str) -> Any:
    found = _ADDRESS.fullmatch(address)
    assert found is not None
    try:
        return _distributed().Client(f"tcp://{found[1]}:{found[2]}", timeout=PATIENCE, set_as_default=True)
    except (OSError, TimeoutError) as problem:
        raise FileError(f"no Dask scheduler answers at {address}: {str(problem)[:100]}") from None
