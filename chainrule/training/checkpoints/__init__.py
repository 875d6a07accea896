"""Checkpoints: a training killed at any instant goes on from the last one to the weights it would have had."""

from chainrule.training.checkpoints.keeper import Checkpoints, OnError

__all__ = ["Checkpoints", "OnError"]
