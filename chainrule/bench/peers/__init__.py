"""Whom the work is given to: libraries, ourselves in both gears, and the matrix products alone."""

from chainrule.bench.peers.base import PEERS, Answered, Peer, Trained

__all__ = ["PEERS", "Answered", "Peer", "Trained"]
