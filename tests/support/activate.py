"""`python -m tests.support.activate HTTP BEACON PROGRAM...`: run it as systemd runs a service with socket units.

HTTP and BEACON are inherited descriptors of listening sockets.
"""

import fcntl
import os
import sys


def main(http: str, beacon: str, *program: str) -> None:
    copies = [fcntl.fcntl(int(given), fcntl.F_DUPFD_CLOEXEC, 100) for given in (http, beacon)]  # out of the way
    for number, copy in enumerate(copies, 3):
        os.dup2(copy, number, inheritable=True)
    listen = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "2", "LISTEN_FDNAMES": "http:beacon"}
    os.execve(program[0], program, {**os.environ, **listen})


if __name__ == "__main__":
    main(*sys.argv[1:])
