"""Machines that are none: network namespaces, each with its own addresses, joined by switches that a test can cut.

A host has a network card (one end of a veth) for each switch it is on; the other end is a port of the switch, a bridge
in a namespace of its own, so that nothing of the real machine's network is touched. A cable is pulled at the port. A
port that belongs to no bridge drops everything without a word, as a router between two sites does that has failed;
and one may be moved to another bridge, which divides the network in two.

As root with `ip netns` itself; others do the same within a user namespace, where they are root.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

WORDS = ("ip", "nsenter", "unshare", "setpriv")
_COMMAND_S = 30
_BOXED = ["unshare", "--user", "--map-root-user", "--mount", "--net"]


@cache
def why_not() -> str | None:
    """What stands in the way of having such hosts here; None: nothing."""
    if missing := [word for word in WORDS if shutil.which(word, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is None]:
        return f"there is no {', '.join(missing)} on this machine (Debian: apt-get install iproute2 util-linux)"
    try:
        with network() as made:
            made.switch("probe")
            made.host("one", {"probe": "10.77.99.1"})
            made.host("two", {"probe": "10.77.99.2"})
    except (subprocess.SubprocessError, OSError) as error:
        who = "root" if os.geteuid() == 0 else "this user, in a user namespace,"
        said = error.stderr.strip() if isinstance(error, subprocess.CalledProcessError) else str(error)
        return f"{who} may not make network namespaces here: {said}"
    return None


@dataclass(frozen=True)
class Host:
    """One machine."""

    network: "Network"
    name: str
    addresses: Mapping[str, str]  # switch -> address there

    def command(self, *words: str | os.PathLike[str]) -> list[str]:
        """`words` as they are run on this machine."""
        return [
            *self.network.entrance,
            "ip",
            "netns",
            "exec",
            self.network.of(self.name),
            *[os.fspath(word) for word in words],
        ]

    def as_user(self, account: str, *words: str | os.PathLike[str]) -> list[str]:
        """The same as an ordinary user, which some programs insist on."""
        if self.network.boxed:
            return self.command("unshare", "--user", "--map-user=1000", "--map-group=1000", *words)
        if os.geteuid() != 0:
            return self.command(*words)
        return self.command("setpriv", f"--reuid={account}", f"--regid={account}", "--clear-groups", *words)

    def pull(self, switch: str) -> None:
        """The cable out of the switch: the card has no carrier any more."""
        self.network.port(self, switch, "down")

    def put_back(self, switch: str) -> None:
        self.network.port(self, switch, "up")

    def lose(self, switch: str) -> None:
        """Everything sent on this cable is dropped from now on, both ways, and nobody is told."""
        self.network.port(self, switch, "nomaster")

    def find(self, switch: str, instead: str = "") -> None:
        """It goes through again; `instead`: on another switch."""
        self.network.port(self, switch, "master", instead or switch)


class Network:
    """What `network` makes."""

    def __init__(self, entrance: list[str]) -> None:
        self.entrance = entrance
        self.boxed = bool(entrance)
        self._made: list[str] = []
        self._hosts: list[Host] = []
        self._namespace("switches")

    def of(self, name: str) -> str:
        """The namespace's name; several test runs may be under way."""
        return f"tonearm-{os.getpid()}-{name}"

    def switch(self, name: str) -> None:
        self._on_switches("link", "add", name, "type", "bridge")
        self._on_switches("link", "set", name, "up")

    def host(self, name: str, addresses: Mapping[str, str]) -> Host:
        """Its addresses are of networks /24; further ones of the first are added by `also`."""
        self._namespace(name)
        made = Host(self, name, dict(addresses))
        for number, (switch, address) in enumerate(addresses.items()):
            card = f"eth{number}"
            ends = ["link", "add", _port(made, switch), "type", "veth", "peer", "name", card]
            self._on_switches(*ends, "address", _mac(address), "netns", self.of(name))
            self._on_switches("link", "set", _port(made, switch), "master", switch, "up")
            self._ip("-n", self.of(name), "address", "add", f"{address}/24", "dev", card)
            self._ip("-n", self.of(name), "link", "set", card, "up")
        self._know_each_other(made)
        self._hosts.append(made)
        return made

    def also(self, host: Host, addresses: list[str]) -> None:
        """More addresses on its first card."""
        lines = "".join(f"address add {address}/24 dev eth0\n" for address in addresses)
        self._ip("-n", self.of(host.name), "-batch", "-", given=lines)

    def port(self, host: Host, switch: str, *words: str) -> None:
        self._on_switches("link", "set", _port(host, switch), *words)

    def take_down(self) -> None:
        for name in reversed(self._made):
            subprocess.run([*self.entrance, "ip", "netns", "del", name], capture_output=True, timeout=_COMMAND_S)

    def _know_each_other(self, new: Host) -> None:
        """Who is where is known for ever, as it is by a router: a machine that is off is not told of as unreachable."""
        for other in self._hosts:
            for switch in new.addresses.keys() & other.addresses.keys():
                for here, there in ((new, other), (other, new)):
                    card = f"eth{list(here.addresses).index(switch)}"
                    address = there.addresses[switch]
                    entry = ["neighbour", "replace", address, "lladdr", _mac(address), "dev", card, "nud", "permanent"]
                    self._ip("-n", self.of(here.name), *entry)

    def _namespace(self, name: str) -> None:
        self._ip("netns", "add", self.of(name))
        self._made.append(self.of(name))
        self._ip("-n", self.of(name), "link", "set", "lo", "up")

    def _on_switches(self, *words: str) -> None:
        self._ip("-n", self.of("switches"), *words)

    def _ip(self, *words: str, given: str = "") -> None:
        command = [*self.entrance, "ip", *words]
        subprocess.run(command, input=given, check=True, capture_output=True, text=True, timeout=_COMMAND_S)


def _port(host: Host, switch: str) -> str:
    return f"{host.name}-{switch}"[:15]  # as long as an interface's name may be


def _mac(address: str) -> str:
    return "02:00:" + ":".join(f"{int(part):02x}" for part in address.split("."))


@contextmanager
def network() -> Iterator[Network]:
    """With no host and no switch yet. Whoever runs something on them stops it before the end."""
    with _entrance() as entrance:
        made = Network(entrance)
        try:
            yield made
        finally:
            made.take_down()


@contextmanager
def _entrance() -> Iterator[list[str]]:
    """How commands get to where this user may make namespaces: nothing for root."""
    if os.geteuid() == 0:
        yield []
        return
    keep = ["sh", "-c", "mount -t tmpfs tmpfs /run && echo ready && exec cat"]
    with subprocess.Popen(
        [*_BOXED, *keep], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as keeper:
        assert keeper.stdin is not None
        assert keeper.stdout is not None
        assert keeper.stderr is not None
        try:
            if keeper.stdout.readline() != "ready\n":
                raise OSError(keeper.stderr.read().strip())
            target = ["--target", str(keeper.pid), "--user", "--mount", "--net", "--preserve-credentials"]
            yield ["nsenter", *target]
        finally:
            keeper.stdin.close()
            keeper.wait(_COMMAND_S)
