"""Data sets by name, one a file: ``chainrule.datasets.load("moons:n=500,noise=0.2")``."""

from chainrule.datasets.base import DATASETS, Dataset, Recipe, Source, load

__getattr__ = DATASETS.attribute
__dir__ = DATASETS.attributes
__all__ = ["DATASETS", "Dataset", "Recipe", "Source", "load"]
