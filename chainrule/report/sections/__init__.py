"""The sections of a report, in its order. Each takes the run and an artist, and is None where it has nothing."""

from chainrule.report.sections.facts import configuration, environment, repetition
from chainrule.report.sections.mistakes import mistakes
from chainrule.report.sections.network import network
from chainrule.report.sections.result import result
from chainrule.report.sections.training import training

SECTIONS = (result, training, mistakes, network, configuration, environment, repetition)
NEED_ROWS = (result, mistakes)  # the data themselves, not the files of the run alone
NEED_NETWORK = (*NEED_ROWS, network)
