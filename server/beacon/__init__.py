"""The beacon listener: the fast door (DESIGN §5). It speaks the event routes of DESIGN §3, the two
probes of server/probes.py, and nothing else.

`reading` turns bytes into requests and knows no socket; `connection` is one client; `listener` is all of them.
"""

from server.beacon.listener import Listener

__all__ = ["Listener"]
