"""File formats, one a file, found by the file's ending: ``.csv`` is read by ``csv.py``."""

from chainrule.readers.base import READERS, Reader, read

__getattr__ = READERS.attribute
__dir__ = READERS.attributes
__all__ = ["READERS", "Reader", "read"]
