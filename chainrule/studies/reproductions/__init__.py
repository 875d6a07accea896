"""Published figures and the recipes that should give them: a TOML file each in this folder, found by its name."""

from chainrule.studies.reproductions.recipe import Recipe, load, names

__all__ = ["Recipe", "load", "names"]
