"""The shelf of studies: experiments that the command ``study`` runs, one a file."""

from chainrule.studies.exercises.base import STUDIES, Finding, Say, Study

__getattr__ = STUDIES.attribute
__dir__ = STUDIES.attributes
__all__ = ["STUDIES", "Finding", "Say", "Study"]
