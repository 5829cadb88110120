"""The running service as the kernel knows it: its account, its limits, its settings, where it listens.

What may not be looked at (another user's process, a system without /proc) is None, never a guess.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Final

from server.config import PREFIX, Config

PROC: Final = Path("/proc")
_LISTENING_TCP: Final = "0A"
_LISTENING_UNIX: Final = 0x10000  # the flag of a socket that was told to listen
_SOCKET: Final = re.compile(r"socket:\[(\d+)\]")
_DESCRIPTORS: Final = re.compile(r"^Max open files +(\d+|unlimited)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Doors:
    """Where the service listens."""

    unix: tuple[Path, ...] = ()
    this_machine: bool = False  # on a loopback address
    networks: bool = False  # on another one
    seen: bool = False  # of the running process; otherwise what the configuration says


@dataclass(frozen=True, slots=True)
class Process:
    """A process that serves."""

    pid: int
    uid: int | None
    descriptors: int | None  # how many files it may have open; -1: any number
    settings: Mapping[str, str] | None  # of its environment, by name
    doors: Doors | None


def look(pid: int) -> Process:
    """At one that runs, as far as it may be looked at."""
    folder = PROC / str(pid)
    return Process(pid, _uid(folder), _descriptors(folder), settings_of(pid), _doors(folder))


def settings_of(pid: int) -> dict[str, str] | None:
    """Tonearm's settings in the environment of a process."""
    try:
        pairs = (PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return None
    texts = (pair.decode(errors="surrogateescape").partition("=") for pair in pairs)
    return {name: value for name, _, value in texts if name.startswith(PREFIX)}


def configured_doors(config: Config) -> Doors:
    """Where a service with this configuration would listen, were its sockets not given to it."""
    binds = (config.http.bind, config.beacon.bind)
    hosts = [_host(bind) for bind in binds if not bind.startswith("unix:")]
    return Doors(
        tuple(Path(bind.removeprefix("unix:")) for bind in binds if bind.startswith("unix:")),
        any(map(_is_this_machine, hosts)),
        not all(map(_is_this_machine, hosts)),
    )


def _host(bind: str) -> str:
    return bind.rpartition(":")[0].strip("[]")


def _is_this_machine(host: str) -> bool:
    try:
        return _is_loopback(ip_address(host))
    except ValueError:
        return host == "localhost"


def _is_loopback(address: IPv4Address | IPv6Address) -> bool:
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def _uid(folder: Path) -> int | None:
    try:
        return folder.stat().st_uid
    except OSError:
        return None


def _descriptors(folder: Path) -> int | None:
    try:
        found = _DESCRIPTORS.search((folder / "limits").read_text())
    except OSError:
        return None
    return None if found is None else -1 if found[1] == "unlimited" else int(found[1])


def _doors(folder: Path) -> Doors | None:
    try:
        inodes = set(_socket_inodes(folder / "fd"))
        addresses = [
            address
            for table in ("tcp", "tcp6")
            if (folder / "net" / table).exists()
            for address in _tcp(folder / "net" / table, inodes)
        ]
        paths = tuple(sorted(set(_unix(folder / "net" / "unix", inodes))))
    except OSError:
        return None
    if not addresses and not paths:
        return None  # it is about to start or to stop
    local = [_is_loopback(address) for address in addresses]
    return Doors(paths, any(local), not all(local), seen=True)


def _socket_inodes(folder: Path) -> Iterator[str]:
    for descriptor in folder.iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            if found := _SOCKET.fullmatch(str(descriptor.readlink())):
                yield found[1]


def _tcp(table: Path, inodes: set[str]) -> Iterator[IPv4Address | IPv6Address]:
    for line in table.read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == _LISTENING_TCP and fields[9] in inodes:
            yield ip_address(_packed(fields[1].partition(":")[0]))


def _packed(text: str) -> bytes:
    """The kernel writes words of 32 bits as this machine reads them."""
    words = bytes.fromhex(text)
    if sys.byteorder == "big":
        return words
    return b"".join(words[at : at + 4][::-1] for at in range(0, len(words), 4))


def _unix(table: Path, inodes: set[str]) -> Iterator[Path]:
    for line in table.read_text(errors="surrogateescape").splitlines()[1:]:
        fields = line.split(maxsplit=7)
        if len(fields) == 8 and int(fields[3], 16) & _LISTENING_UNIX and fields[6] in inodes:
            yield Path(fields[7])
