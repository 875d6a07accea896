"""IDX files: two zero bytes, a type, the number of dimensions, each as four bytes, the numbers; perhaps gzipped."""

import gzip
import struct
import zlib

BYTES, SHORTS, INTS, FLOATS, DOUBLES = 0x08, 0x0B, 0x0C, 0x0D, 0x0E


def idx(shape, data=b"", kind=BYTES, dimensions=None, begin=b"\0\0"):
    head = begin + bytes([kind, len(shape) if dimensions is None else dimensions])
    return head + b"".join(struct.pack(">I", size) for size in shape) + data


def gz(data, **how):
    return gzip.compress(data, mtime=0, **how)


def zeros(megabytes, head=b""):
    """A sound gzip of ``head`` and so many million zeros, a thousandth as long."""
    packer = zlib.compressobj(9, wbits=31)
    parts = [packer.compress(head)]
    parts += [packer.compress(bytes(1_000_000)) for _ in range(megabytes)]
    return b"".join([*parts, packer.flush()])


def spoiled(data, place, value):
    data = bytearray(data)
    data[place] = value
    return bytes(data)


SMALL = idx((2, 3), b"abcdef")
FLAG_NAME, FLAG_COMMENT, FLAG_EXTRA, FLAG_CHECK = 8, 16, 4, 2


def flagged(flags, more=b""):
    """The small file in a gzip whose header has these flags, and what goes with them."""
    packed = zlib.compressobj(9, wbits=-15)
    body = packed.compress(SMALL) + packed.flush()
    head = b"\x1f\x8b\x08" + bytes([flags]) + b"\0\0\0\0\0\xff"
    return head + more + body + struct.pack("<II", zlib.crc32(SMALL), len(SMALL))


GOOD = {
    "bytes": SMALL,
    "bytes, gzipped": gz(SMALL),
    "shorts": idx((3,), b"\0\1\0\2\xff\xff", SHORTS),
    "ints": idx((1, 1), b"\0\0\0\7", INTS),
    "floats": idx((2,), struct.pack(">2f", 1, 2), FLOATS),
    "doubles": idx((1,), struct.pack(">d", 1), DOUBLES),
    "a NaN": idx((1,), struct.pack(">f", float("nan")), FLOATS),
    "no rows": idx((0, 28, 28)),
    "eight dimensions": idx((1,) * 8, b"x"),
    "stored, not compressed": gz(SMALL, compresslevel=0),
    "a gzip with a file name": flagged(FLAG_NAME, b"name\0"),
    "a gzip with a comment that is markup": flagged(FLAG_COMMENT, b"<script>\x1b[31m\0"),
    "a gzip with a file name of 100,000 letters": flagged(FLAG_NAME, b"../" * 33_000 + b"\0"),
    "a gzip with an extra field": flagged(FLAG_EXTRA, b"\2\0ab"),
    "zeros that expand four hundredfold, 10 MB": zeros(10, idx((10, 1000, 1000))),
}
BAD = {
    "nothing": b"",
    "one byte": b"\0",
    "three bytes": b"\0\0\x08",
    "four zeros": bytes(4),
    "a magic number alone": b"\0\0\x08\2",
    "half a dimension": b"\0\0\x08\1\0\0",
    "one dimension of two": b"\0\0\x08\2\0\0\0\1",
    "no dimension": idx((), b"x"),
    "nine dimensions": idx((1,) * 9, b"x"),
    "255 dimensions": idx((1,) * 255, b"x"),
    "255 dimensions claimed": idx((1, 1), b"x", dimensions=255),
    "type 0": idx((1,), b"x", 0),
    "type 7": idx((1,), b"x", 7),
    "type 10": idx((1,), b"x", 10),
    "type 15": idx((1,), b"x", 15),
    "type 255": idx((1,), b"x", 255),
    "first byte not zero": idx((1,), b"x", begin=b"\1\0"),
    "second byte not zero": idx((1,), b"x", begin=b"\0\1"),
    "little-endian dimensions": b"\0\0\x08\1" + struct.pack("<I", 3) + b"abc",
    "no numbers": idx((2, 3)),
    "a number too few": idx((2, 3), b"abcde"),
    "a number too many": idx((2, 3), b"abcdefg"),
    "half a short": idx((2,), b"\0\1\0", SHORTS),
    "half a double": idx((1,), b"\0" * 4, DOUBLES),
    "4 billion rows": idx((2**32 - 1,), b"x"),
    "4 billion by 4 billion": idx((2**32 - 1, 2**32 - 1), b"x"),
    "eight times 4 billion": idx((2**32 - 1,) * 8, b"x" * 100, DOUBLES),
    "a product that overflows to 0": idx((2**31, 2**31, 4), b""),
    "a product that overflows to what is there": idx((2**32 - 1, 2**32 - 1, 1), b"x"),
    "no rows, but numbers": idx((0, 3), b"abc"),
    "no rows of 4 billion by 4 billion, and a byte": idx((0, 2**32 - 1, 2**32 - 1), b"x"),
    "a text": b"label,pixel1,pixel2\n1,2,3\n",
    "HTML, as a server's error": b"<!DOCTYPE html><title>404</title>",
    "a pickle": b"\x80\x04cos\nsystem\n(S'echo'\ntR.",
    "a NumPy array": b"\x93NUMPY\x01\x00v\x00{'descr': '<f8'}",
    "a PNG": b"\x89PNG\r\n\x1a\n" + bytes(20),
    "a zip": b"PK\x03\x04" + bytes(30),
    "bzip2": b"BZh91AY&SY" + bytes(20),
    "xz": b"\xfd7zXZ\0" + bytes(20),
    "all ones": b"\xff" * 100,
    "a gzip's first two bytes": b"\x1f\x8b",
    "a gzip's header alone": gz(SMALL)[:10],
    "a gzip cut in its data": gz(SMALL)[:14],
    "a gzip cut before its checksum": gz(SMALL)[:-8],
    "a gzip cut in its checksum": gz(SMALL)[:-6],
    "a gzip cut in its length": gz(SMALL)[:-1],
    "a gzip of nothing": gz(b""),
    "a gzip of a text": gz(b"hello"),
    "a gzip of a file too short": gz(SMALL[:-1]),
    "a gzip of a file too long": gz(SMALL + b"x"),
    "a gzip of another method": spoiled(gz(SMALL), 2, 7),
    "a gzip with reserved flags": flagged(0xE0),
    "a gzip with an endless name": flagged(FLAG_NAME, b"x" * 1000)[:1010],
    "a gzip with an extra field longer than the file": flagged(FLAG_EXTRA, b"\xff\xff"),
    "a gzip with a wrong header checksum": flagged(FLAG_CHECK, b"\0\0"),
    "a gzip with a wrong checksum": spoiled(gz(SMALL), -5, 0xAA),
    "a gzip with a wrong length": spoiled(gz(SMALL), -1, 1),
    "a gzip with a broken block": gz(SMALL)[:10] + b"\x07" + gz(SMALL)[11:],
    "a gzip with a block that refers before its begin": gz(SMALL)[:10] + b"\x73\x74\x04\x01\x00" + gz(SMALL)[-8:],
    "a gzip in a gzip": gz(gz(SMALL)),
    "a gzip in a gzip in a gzip": gz(gz(gz(SMALL))),
    "two gzips": gz(SMALL) + gz(SMALL),
    "a gzip and zeros": gz(SMALL) + bytes(512),
    "a gzip and a line end": gz(SMALL) + b"\n",
    "zlib instead of gzip": zlib.compress(SMALL),
    "100 MB of zeros in 100 KB": lambda: zeros(100, idx((100, 1000, 1000))),
    "100 MB of zeros that say they are 6 numbers": lambda: zeros(100, idx((2, 3))),
    "300 MB of zeros in 300 KB, no IDX at all": lambda: zeros(300),
    "20 MB of zeros that say they are doubles": lambda: zeros(20, idx((2_500_001,), kind=DOUBLES)),
    "60 MB of zero bytes": lambda: bytes(60_000_000),
}
TOKENS = [b"\0\0\x08\1", b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x1f\x8b\x08\0", b"\x80\0\0\0", b"\0\0\x0e\3"]
