"""NPY files: a magic string, a version, the length of a header, the header, the array's bytes."""

import io
import pickle
import struct

import numpy as np


def npy(header, data=b"", version=1, length=None, magic=b"\x93NUMPY", minor=0):
    """A file whose header is this text; ``length`` is what it claims to be."""
    body = header if isinstance(header, bytes) else header.encode("latin-1", "replace")
    size = len(body) if length is None else length
    return magic + bytes([version, minor]) + struct.pack("<H" if version == 1 else "<I", size) + body + data


def said(descr="'<f8'", order="False", shape="(2,)", more=""):
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, {more}}}\n"


def written(array, **how):
    out = io.BytesIO()
    np.save(out, np.asanyarray(array), **how)
    return out.getvalue()


def archive(**arrays):
    out = io.BytesIO()
    np.savez(out, **arrays)
    return out.getvalue()


class Bomb:
    """Unpickling it would leave a trace."""

    def __reduce__(self):
        return exec, ("import chainrule; chainrule.unpickled = True",)


TWO = struct.pack("<2d", 1, 2)
GOOD = {
    "two numbers": npy(said(), TWO),
    "as NumPy writes them": written([[1.0, 2, 3]]),
    "version 2": npy(said(), TWO, 2),
    "version 3": npy(said(), TWO, 3),
    "columns first": written(np.asfortranarray(np.arange(6.0).reshape(2, 3))),
    "big-endian": written(np.arange(3, dtype=">i4")),
    "yes and no": written([True, False]),
    "texts": written(["a", "größe"]),
    "bytes": written(np.array([b"a", b"bc"])),
    "half floats": written(np.zeros(3, "f2")),
    "no dimension": written(3.5),
    "no rows": written(np.zeros((0, 3))),
    "NaN": written([np.nan]),
    "keys in another order": npy("{'shape':(2,),'fortran_order':False,'descr':'<f8'}", TWO),
    "double quotes and no comma": npy('{"descr": "<f8", "fortran_order": False, "shape": (2,)}', TWO),
    "many spaces": npy(said() + " " * 5000, TWO),
    "a shape in several lines": npy(said(shape="(\n2\n,\n)"), TWO),
    "64 dimensions": npy(said(shape=f"({'1,' * 63}2)"), TWO),
    "complex numbers": written(np.zeros(2, complex)),
}
BAD = {
    "nothing": b"",
    "the magic string alone": b"\x93NUMPY",
    "a version alone": b"\x93NUMPY\1\0",
    "half a length": b"\x93NUMPY\1\0\x10",
    "another magic string": npy(said(), TWO, magic=b"\x93NUMPX"),
    "small letters": npy(said(), TWO, magic=b"\x93numpy"),
    "version 0": npy(said(), TWO, 0),
    "version 4": npy(said(), TWO, 4),
    "version 1.1": npy(said(), TWO, minor=1),
    "version 255": npy(said(), TWO, 255),
    "a header of no length": npy("", TWO),
    "a header longer than the file": npy(said(), TWO, length=60_000),
    "a header of 4 GB": npy(said(), TWO, 2, length=2**32 - 1),
    "a header of 20,000 spaces": npy(said() + " " * 20_000, TWO),
    "a header of 50 MB": lambda: npy(said() + " " * 50_000_000, TWO, 2),
    "a header one too short": npy(said(), TWO, length=len(said()) - 2),
    "a header one too long": npy(said(), TWO, length=len(said()) + 1),
    "zeros as header": npy(bytes(64), TWO),
    "no object": npy("3.5", TWO),
    "a list": npy("['descr', '<f8']", TWO),
    "an empty object": npy("{}", TWO),
    "an object that isn't closed": npy(said()[:-2], TWO),
    "an object twice": npy(said() + said(), TWO),
    "no dtype": npy("{'fortran_order': False, 'shape': (2,)}", TWO),
    "no order": npy("{'descr': '<f8', 'shape': (2,)}", TWO),
    "no shape": npy("{'descr': '<f8', 'fortran_order': False}", TWO),
    "a key more": npy(said(more="'x': 1"), TWO),
    "a key twice": npy(said(more="'shape': (1,)"), TWO),
    "a key that is a number": npy("{1: '<f8', 'fortran_order': False, 'shape': (2,)}", TWO),
    "a call": npy(said(descr="__import__('os').system('echo')"), TWO),
    "a call in the shape": npy(said(shape="(len('ab'),)"), TWO),
    "a sum in the shape": npy(said(shape="(1+1,)"), TWO),
    "a power in the shape": npy(said(shape="(9**9**9,)"), TWO),
    "an expression around it": npy(f"dict({said()})", TWO),
    "5,000 brackets": npy("[" * 5000, TWO),
    "5,000 minus signs": npy(said(shape=f"({'-' * 5000}1,)"), TWO),
    "4,000 nested tuples": npy(said(shape="(" * 4000 + ")" * 4000), TWO),
    "three quotes": npy('"""', TWO),
    "bytes that are no text": npy(b"\xff\xfe\xfd" * 20, TWO),
    "an escape of a terminal": npy(said(descr="'\x1b[31m'"), TWO),
    "an order that is 1": npy(said(order="1"), TWO),
    "an order that is a text": npy(said(order="'False'"), TWO),
    "an order that is None": npy(said(order="None"), TWO),
    "objects": written(np.array([Bomb()], dtype=object), allow_pickle=True),
    "objects in fields": written(np.array([(Bomb(),)], dtype=[("a", object)]), allow_pickle=True),
    "a pickle": pickle.dumps(Bomb()),
    "objects that are numbers": npy(said(descr="'|O'"), TWO),
    "raw bytes": npy(said(descr="'|V8'"), TWO),
    "dates": written(np.array(["2026-01-01"], "M8[D]")),
    "durations": npy(said(descr="'<m8[s]'"), TWO),
    "fields": written(np.array([(1, 2)], dtype=[("a", "i4"), ("b", "i4")])),
    "a dtype that isn't": npy(said(descr="'<q9'"), TWO),
    "floats of 3 bytes": npy(said(descr="'<f3'"), TWO),
    "floats of 128 bytes": npy(said(descr="'<f128'"), TWO),
    "a dtype of Python's": npy(said(descr="'float'"), TWO),
    "a dtype with a shape in it": npy(said(descr="'(1000000000,)f8'"), TWO),
    "two dtypes": npy(said(descr="'f8,f8'"), TWO),
    "a dtype that is a number": npy(said(descr="8"), TWO),
    "a dtype of 20,000 letters": npy(said(descr=f"'{'f' * 9000}'"), TWO),
    "texts of no length": npy(said(descr="'<U0'"), TWO),
    "texts of 4 GB each": npy(said(descr="'<U999999999'"), TWO),
    "texts of 400 MB each": npy(said(descr="'<U99999999'"), TWO),
    "texts of codes beyond Unicode": npy(said(descr="'<U1'"), b"\xff" * 8),
    "texts of half characters": npy(said(descr="'<U1'"), struct.pack("<2I", 0xD800, 0x61)),
    "a shape that is no tuple": npy(said(shape="2"), TWO),
    "a shape that is a list": npy(said(shape="[2]"), TWO),
    "a shape of floats": npy(said(shape="(2.0,)"), TWO),
    "a shape of texts": npy(said(shape="('2',)"), TWO),
    "a shape of bools": npy(said(shape="(True, 2)"), TWO),
    "a negative shape": npy(said(shape="(-2,)"), TWO),
    "two negative sizes": npy(said(shape="(-1, -2)"), TWO),
    "a shape of Python 2": npy(said(shape="(2L,)"), TWO),
    "a size with an underscore": npy(said(shape="(0_2,)"), TWO),
    "a size in hexadecimal": npy(said(shape="(0x2,)"), TWO),
    "a size of 3,000 digits": npy(said(shape=f"({'9' * 3000},)"), TWO),
    "65 dimensions": npy(said(shape=f"({'1,' * 65})"), TWO),
    "a trillion rows": npy(said(shape="(1000000000000,)"), TWO),
    "a product that overflows": npy(said(shape=f"({2**62}, 4)"), TWO),
    "a product that overflows to what is there": npy(said(shape=f"({2**63 + 1}, 2)"), TWO),
    "no rows of 2^63": npy(said(shape=f"(0, {2**63 - 1})")),
    "a number too few": npy(said(), TWO[:-1]),
    "a number too many": npy(said(), TWO + b"x"),
    "no numbers": npy(said()),
    "two arrays": npy(said(), TWO) + npy(said(), TWO),
    "an archive": archive(a=np.zeros(3)),
    "an empty zip": b"PK\5\6" + bytes(18),
    "a text": b"1,2\n3,4\n",
    "HTML": b"<script>alert(1)</script>",
}
TOKENS = [
    b"'<f8'",
    b"'|O'",
    b"(",
    b")",
    b"True",
    b"'shape'",
    b"-1",
    b"9999999999999",
    b"__import__('os')",
    b"{",
    b"\0",
]
