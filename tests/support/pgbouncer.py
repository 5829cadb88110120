"""A real pgbouncer in front of a database, as people run it."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tests.support.debian_postgres import PASSWORD, DebianPostgres, account
from tests.support.held import short_folder
from tests.support.proxy import free_ports, listening
from tests.support.service import eventually

PROGRAM: Final = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
NOT_INSTALLED: Final = "pgbouncer is not installed (apt-get install pgbouncer)"


@contextmanager
def pgbouncer(server: DebianPostgres, database: str, mode: str, *settings: str) -> Iterator[str]:
    """The URL of `database` through one in this `pool_mode`, with further lines of its file."""
    [port] = free_ports(1)
    with short_folder() as folder:
        where = f"host=127.0.0.1 port={server.port} user=tonearm password='{PASSWORD}'"
        lines = ["listen_addr = 127.0.0.1", f"listen_port = {port}", "unix_socket_dir =", "auth_type = any"]
        lines += [f"pool_mode = {mode}", *settings]
        file = folder / "pgbouncer.ini"
        file.write_text("\n".join(["[databases]", f"{database} = {where}", "[pgbouncer]", *lines, ""]), "utf-8")
        folder.chmod(0o755)
        assert PROGRAM is not None
        command = [PROGRAM, "-q", *(["-u", account()] if os.geteuid() == 0 else []), str(file)]
        with (folder / "said.log").open("wb") as said, subprocess.Popen(command, stderr=said) as process:
            try:
                eventually(lambda: listening(port))
                yield f"postgresql://anybody@127.0.0.1:{port}/{database}"
            finally:
                process.terminate()
