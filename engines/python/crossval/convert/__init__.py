"""Dumps of other tools as recordings (docs/python.md, "Dumps"): `convert`, and `python -m crossval.convert`."""
from .dumps import Dumped, read_dumps
from .record import Converted, convert

__all__ = ["Converted", "Dumped", "convert", "read_dumps"]
