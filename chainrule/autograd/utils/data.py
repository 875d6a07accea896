"""``torch.utils.data``: examples by number, and batches of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.autograd.errors import AutogradError, ShapeError, UnsupportedError, missing
from chainrule.autograd.ops.creation import as_tensor, random, tensor
from chainrule.autograd.ops.joining import stack
from chainrule.autograd.tensor import Tensor


class Dataset:
    """Base: define ``__getitem__`` and ``__len__``."""

    def __getitem__(self, index: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no __getitem__; define it")


class TensorDataset(Dataset):
    """The rows of tensors of equal length."""

    def __init__(self, *tensors: Tensor) -> None:
        if len({len(x) for x in tensors}) != 1:
            raise ShapeError(f"TensorDataset takes tensors of one length; came {[len(x) for x in tensors]}")
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Any, ...]:
        return tuple(x[index] for x in self.tensors)

    def __len__(self) -> int:
        return len(self.tensors[0])


class Subset(Dataset):
    """Some examples of a dataset."""

    def __init__(self, dataset: Any, indices: Sequence[int]) -> None:
        self.dataset, self.indices = dataset, indices

    def __getitem__(self, index: int) -> Any:
        return self.dataset[self.indices[index]]

    def __len__(self) -> int:
        return len(self.indices)


def random_split(dataset: Any, lengths: Sequence[float]) -> list[Subset]:
    """Parts with no example in common: of so many examples, or of such shares."""
    n = len(dataset)
    counts = [int(length) for length in lengths]
    if math.isclose(sum(lengths), 1) and all(0 <= length <= 1 for length in lengths):
        counts = [math.floor(n * share) for share in lengths]
        for i in range(n - sum(counts)):
            counts[i % len(counts)] += 1
    if sum(counts) != n or min(counts, default=0) < 0:
        raise AutogradError(f"random_split: the lengths {list(lengths)} do not add up to {n}")
    order = random().permutation(n).tolist()
    ends = np.cumsum(counts)
    return [Subset(dataset, order[end - count : end]) for count, end in zip(counts, ends, strict=True)]


def default_collate(batch: Sequence[Any]) -> Any:
    """Examples as one batch: tensors stacked, numbers as a tensor, tuples and mappings part by part."""
    first = batch[0]
    if isinstance(first, Tensor):
        return stack(batch)
    if isinstance(first, np.ndarray):
        return as_tensor(np.stack(batch))
    if isinstance(first, int | float | np.generic):  # Python's floats become float64, as in PyTorch
        return tensor(np.asarray(batch) if isinstance(first, float | np.generic) else list(batch))
    if isinstance(first, Mapping):
        return {key: default_collate([each[key] for each in batch]) for key in first}
    if isinstance(first, tuple | list):
        return [default_collate(part) for part in zip(*batch, strict=True)]
    return list(batch)


class DataLoader:
    """Batches of a dataset's examples, shuffled anew in every epoch if asked for; in this process."""

    def __init__(
        self, dataset: Any, batch_size: int = 1, shuffle: bool = False, *, num_workers: int = 0,
        collate_fn: Any = None, pin_memory: bool = False, drop_last: bool = False,
    ) -> None:  # fmt: skip
        if num_workers:
            raise UnsupportedError("DataLoader: num_workers is 0 here; the data are read in this process")
        if not isinstance(batch_size, int) or batch_size < 1:
            raise AutogradError(f"DataLoader: batch_size is 1 or more; came {batch_size!r:.40}")
        self.dataset, self.batch_size, self.drop_last = dataset, batch_size, drop_last
        self._shuffle, self._collate = shuffle, collate_fn or default_collate
        # The rows of whole tensors are taken at once, which gives the same batch as stacking them one by one.
        self._whole = type(dataset) is TensorDataset and collate_fn is None

    def __len__(self) -> int:
        n = len(self.dataset)
        return n // self.batch_size if self.drop_last else -(-n // self.batch_size)

    def __iter__(self) -> Iterator[Any]:
        n = len(self.dataset)
        order = random().permutation(n).tolist() if self._shuffle else list(range(n))
        for i in range(len(self)):
            rows = order[i * self.batch_size : (i + 1) * self.batch_size]
            if self._whole:
                yield [x[rows] for x in self.dataset.tensors]
            else:
                yield self._collate([self.dataset[row] for row in rows])


__all__ = [
    "DataLoader", "Dataset", "Subset", "TensorDataset", "default_collate", "random_split",
]  # fmt: skip


def __getattr__(name: str) -> object:
    raise missing("utils.data", name, __all__)
