"""The shelf of questions that a learner is asked, one a file, each with an experiment that shows the answer."""

from chainrule.studies.questions.base import QUESTIONS, Question, Shown, in_order

__getattr__ = QUESTIONS.attribute
__dir__ = QUESTIONS.attributes
__all__ = ["QUESTIONS", "Question", "Shown", "in_order"]
