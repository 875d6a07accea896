"""Products of vectors and matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chainrule.autograd.errors import AutogradError, ShapeError, UnsupportedError
from chainrule.autograd.ops.arithmetic import add, mul
from chainrule.autograd.ops.base import checked
from chainrule.autograd.ops.reductions import sum as sum_
from chainrule.autograd.ops.shapes import broadcast_to, permute, reshape, unsqueeze
from chainrule.autograd.table import shapes as t
from chainrule.autograd.tensor import Tensor


def _two(a: Any, b: Any, what: str, ndim: int | None = None) -> tuple[Tensor, Tensor]:
    a, b = checked(a, what), checked(b, what)
    if a._array.dtype != b._array.dtype:
        raise AutogradError(
            f"{what} takes tensors of one dtype; came {a.dtype} and {b.dtype}. Convert one with to()"
        )
    if a._array.dtype.kind == "b":
        raise AutogradError(f"{what} is for numbers; the tensors hold bools")
    if ndim is not None and (a.ndim != ndim or b.ndim != ndim):
        raise ShapeError(f"{what} takes {ndim}-d tensors; came shapes {tuple(a.shape)} and {tuple(b.shape)}")
    return a, b


def _fit(a: Tensor, b: Tensor, what: str) -> None:
    if a._array.shape[-1] != b._array.shape[-2]:
        raise ShapeError(
            f"{what}: shapes {tuple(a.shape)} and {tuple(b.shape)} do not fit; the columns of the first, "
            f"{a._array.shape[-1]}, must be the rows of the second, {b._array.shape[-2]}"
        )


def dot(input: Tensor, tensor: Tensor) -> Any:
    """The inner product of two vectors."""
    a, b = _two(input, tensor, "dot", 1)
    if a._array.shape != b._array.shape:
        raise ShapeError(f"dot: vectors of {len(a)} and {len(b)} entries; they must have the same length")
    return t.dot(a, b)


def mm(input: Tensor, mat2: Tensor) -> Any:
    """The product of two matrices."""
    a, b = _two(input, mat2, "mm", 2)
    _fit(a, b, "mm")
    return t.matmul(a, b)


def bmm(input: Tensor, mat2: Tensor) -> Any:
    """The products of two batches of matrices, (b, n, m) and (b, m, p)."""
    a, b = _two(input, mat2, "bmm", 3)
    if len(a) != len(b):
        raise ShapeError(f"bmm: batches of {len(a)} and {len(b)} matrices; they must be of one size")
    _fit(a, b, "bmm")
    return t.matmul(a, b)


def mv(input: Tensor, vec: Tensor) -> Any:
    """The product of a matrix and a vector."""
    a, b = checked(input, "mv"), checked(vec, "mv")
    if a.ndim != 2 or b.ndim != 1:
        raise ShapeError(f"mv takes a matrix and a vector; came shapes {tuple(a.shape)} and {tuple(b.shape)}")
    return matmul(a, b)


def matmul(input: Tensor, other: Tensor) -> Any:
    """Products of matrices; a vector counts as a row on the left, a column on the right; batches broadcast."""
    a, b = _two(input, other, "matmul")
    if not a.ndim or not b.ndim:
        raise ShapeError("matmul takes vectors and matrices, not 0-d tensors; say mul()")
    if a.ndim == 1 and b.ndim == 1:
        return dot(a, b)
    left = unsqueeze(a, 0) if a.ndim == 1 else a
    right = unsqueeze(b, 1) if b.ndim == 1 else b
    _fit(left, right, "matmul")
    out = t.matmul(left, right)
    if a.ndim == 1:
        return reshape(out, (*out._array.shape[:-2], out._array.shape[-1]))
    return reshape(out, out._array.shape[:-1]) if b.ndim == 1 else out


def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Any:
    """beta * input + alpha * mat1 @ mat2; with beta = 0 the input is not looked at."""
    product = mm(mat1, mat2)
    if alpha != 1:
        product = mul(product, alpha)
    if checked(input, "addmm").ndim > 2:
        raise ShapeError(f"addmm adds at most a matrix; came shape {tuple(input.shape)}")
    wide = broadcast_to(input, product.shape)
    if beta == 0:
        return product
    return add(wide if beta == 1 else mul(wide, beta), product)


def outer(input: Tensor, vec2: Tensor) -> Any:
    """Every product of an entry of one vector with an entry of the other."""
    a, b = checked(input, "outer"), checked(vec2, "outer")
    if a.ndim != 1 or b.ndim != 1:
        raise ShapeError(f"outer takes two vectors; came shapes {tuple(a.shape)} and {tuple(b.shape)}")
    return mul(unsqueeze(a, 1), unsqueeze(b, 0))


def einsum(equation: str, *operands: Any) -> Any:
    """Sums of products by the letters of dimensions, such as ``"bij,bjk->bik"``.

    Plain letters and one ``...`` a term; a letter twice in a term, a diagonal, is not supported.
    """
    if not isinstance(equation, str):
        raise UnsupportedError("einsum takes the equation as a text, such as 'ij,jk->ik'")
    given = operands[0] if len(operands) == 1 and isinstance(operands[0], list | tuple) else operands
    tensors = [checked(x, "einsum") for x in given]
    terms, result = _parsed(equation, tensors)
    _letter_sizes(terms, tensors)
    x, letters = tensors[0], terms[0]
    for i in range(1, len(tensors)):
        later = set("".join(terms[i + 1 :]) + result)
        x, letters = _contract(x, letters, tensors[i], terms[i], later)
    x, letters = _summed(x, letters, set(result))
    return permute(x, tuple(letters.index(letter) for letter in result)) if result else reshape(x, ())


def _parsed(equation: str, operands: Sequence[Tensor]) -> tuple[list[str], str]:
    """The letters of each operand and of the result; ``...`` becomes capital letters of its own from the right."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(operands):
        raise AutogradError(f"einsum: {equation!r} has {len(terms)} terms, and {len(operands)} tensors came")
    spare = [chr(0x100 + i) for i in range(64)]
    dots = 0
    full = []
    for term, x in zip(terms, operands, strict=True):
        named = term.replace("...", "")
        hidden = x.ndim - len(named) if "..." in term else 0
        if not (named.isalpha() or not named) or hidden < 0 or (hidden == 0 and len(named) != x.ndim):
            raise AutogradError(f"einsum: the term {term!r} does not name the {x.ndim} dimensions of its tensor")
        dots = max(dots, hidden)
        full.append(term.replace("...", "".join(reversed(spare[:hidden]))))
        if len(set(named)) != len(named):
            raise UnsupportedError(f"einsum: {term!r} names a dimension twice; take the diagonal first")
    shared = "".join(reversed(spare[:dots]))
    letters = "".join(full)
    once = "".join(sorted(c for c in set(letters) - set(shared) if letters.count(c) == 1))
    result = right.replace("...", shared) if arrow else shared + once
    if len(set(result)) != len(result) or not set(result) <= set(letters):
        raise AutogradError(f"einsum: the result of {equation!r} takes letters of the terms, each once")
    return full, result


def _letter_sizes(terms: Sequence[str], tensors: Sequence[Tensor]) -> None:
    found: dict[str, int] = {}
    for term, x in zip(terms, tensors, strict=True):
        for letter, n in zip(term, x._array.shape, strict=True):
            if n not in (1, found.setdefault(letter, n)) and found[letter] != 1:
                raise ShapeError(
                    f"einsum: a dimension named {letter!r} has {found[letter]} entries here and {n} there"
                )
            found[letter] = max(found[letter], n)


def _summed(x: Tensor, letters: str, kept: set[str]) -> tuple[Tensor, str]:
    over = tuple(i for i, letter in enumerate(letters) if letter not in kept)
    out = sum_(x, over) if over else x
    return out, "".join(letter for letter in letters if letter in kept)


def _contract(a: Tensor, of_a: str, b: Tensor, of_b: str, later: set[str]) -> tuple[Tensor, str]:
    """The product of two operands, summed over what neither the result nor a later term names."""
    a, of_a = _summed(a, of_a, later | set(of_b))
    b, of_b = _summed(b, of_b, later | set(of_a))
    letters = of_a + "".join(letter for letter in of_b if letter not in of_a)
    gone = [letter for letter in letters if letter not in later]  # in both, as others are summed by now
    batch = [letter for letter in of_a if letter in of_b and letter in later]
    rows = [letter for letter in of_a if letter not in of_b]
    columns = [letter for letter in of_b if letter not in of_a]
    sizes = {
        letter: n for x, names in ((a, of_a), (b, of_b)) for letter, n in zip(names, x._array.shape, strict=True)
    }
    for x, names in ((a, of_a), (b, of_b)):
        for letter, n in zip(names, x._array.shape, strict=True):
            sizes[letter] = max(sizes[letter], n)
    left = _arranged(a, of_a, batch, rows, gone, sizes)
    right = _arranged(b, of_b, batch, gone, columns, sizes)
    out = matmul(left, right)
    letters = "".join(batch + rows + columns)
    return reshape(out, tuple(sizes[letter] for letter in letters)), letters


def _arranged(
    x: Tensor, names: str, batch: list[str], first: list[str], second: list[str], sizes: dict[str, int]
) -> Any:
    """As a batch of matrices: the dimensions of each of the three groups as one."""
    order = [*batch, *first, *second]
    turned = permute(x, tuple(names.index(letter) for letter in order)) if order else x
    wide = broadcast_to(turned, tuple(sizes[letter] for letter in order))
    shape = []
    for group in (batch, first, second):
        n = 1
        for letter in group:
            n *= sizes[letter]
        shape.append(n)
    return reshape(wide, tuple(shape))
