"""A fresh machine: Debian as it is here, without what is not Debian's, with a systemd, a network and a name of its own.

It is an overlay over this machine's root, in memory. Whatever is installed, enabled or written there stays there, over
reboots too, and is gone when the machine is given up. Its network is its own; it reaches the outside by slirp4netns,
which needs no change of this machine's network.
"""

import ctypes
import os
import shutil
import socket
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from tests.journey.shell import Shell
from tests.support.service import eventually

SYSTEMD: Final = Path("/lib/systemd/systemd")
PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SIZE: Final = "4g"  # of memory, at most; about 1 GiB is used
BOOT_S: Final = 120
DEBIAN: Final = "deb.debian.org"
PYPI: Final = "pypi.org"

# Not there on a machine that has just been set up: what somebody keeps there does not belong to Debian.
EMPTY: Final = (
    "root",
    "home",
    "tmp",
    "work",
    "srv",
    "usr/local/bin",
    "usr/local/sbin",
    "usr/local/lib",
    "usr/sbin/policy-rc.d",
)
# They would change packages in the middle, or wait for a keyboard.
MASKED: Final = ("apt-daily.timer", "apt-daily-upgrade.timer", "getty.target", "systemd-logind.service")
# What this machine may have of what the page installs, or of what would take its ports.
UNWANTED: Final = ("nginx", "prometheus", "caddy", "postgresql", "certbot", "apache2", "pgbouncer")

# Keeps mounts, network and control groups over reboots, for as long as somebody holds its standard input.
KEEPER: Final = """set -e
mount --make-rprivate /
mount -t tmpfs -o size={size},mode=755 tmpfs {folder}/disk
mkdir {folder}/disk/upper {folder}/disk/work {folder}/disk/root
cd {folder}/disk/upper
for name in {empty}; do
    [ -d "/$name" ] || continue
    mkdir -p "$name"
    chmod --reference="/$name" "$name"
done
"$1" -c 'import os, sys; [os.setxattr(name, "trusted.overlay.opaque", b"y") for name in sys.argv[1:]]' \\
    $(for name in {empty}; do [ ! -d "$name" ] || echo "$name"; done)
cd /
mount -t overlay -o lowerdir=/,upperdir={folder}/disk/upper,workdir={folder}/disk/work overlay {folder}/disk/root
mkdir {folder}/disk/groups
mount -t cgroup2 none {folder}/disk/groups
mkdir {folder}/disk/groups/{name}
ip link set lo up
echo ready
cat
for again in $(seq 100); do
    find {folder}/disk/groups/{name} -depth -type d -exec rmdir {{}} + 2>/dev/null || {{ sleep 0.1; continue; }}
    break
done
"""
POWER_ON: Final = """set -e
echo $$ > {folder}/disk/groups/{name}/cgroup.procs
exec unshare --mount --pid --fork --kill-child=KILL --uts --ipc --cgroup sh {folder}/boot
"""
BOOT: Final = """set -e
cd {folder}/disk/root
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 none sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs dev
for node in null zero full random urandom tty; do
    touch dev/$node
    mount --bind /dev/$node dev/$node
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s fd/0 dev/stdin
ln -s fd/1 dev/stdout
ln -s fd/2 dev/stderr
hostname fresh
pivot_root . mnt
umount -l mnt
exec env -i container=other PATH={path} {systemd} --system --unit=multi-user.target --log-target=journal --show-status=0
"""


def cannot_be_made() -> str:
    """Why not, or nothing."""
    if os.geteuid() != 0 or not SYSTEMD.exists() or Path("/run/systemd/system").exists():
        return "needs root, systemd's files, and no systemd that runs already"
    if not Path("/etc/debian_version").exists():
        return "the page is for Debian, and so is the machine"
    if shutil.which("slirp4netns") is None or not Path("/dev/net/tun").exists():
        return "needs slirp4netns (apt-get install slirp4netns) and /dev/net/tun"
    tried = subprocess.run(["unshare", "--mount", "--net", "--pid", "--fork", "--cgroup", "true"], check=False)
    if tried.returncode or "overlay" not in Path("/proc/filesystems").read_text():
        return "this machine gives no namespaces, or no overlay"
    return ""


def has_no_network() -> str:
    for host in (DEBIAN, PYPI):
        try:
            socket.create_connection((host, 443), timeout=10).close()
        except OSError as error:
            return f"what is to be installed cannot be fetched: {host}: {error}"
    return ""


class Machine:
    """Switched off when it is made."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = f"tonearm-journey-{os.getpid()}"
        (folder / "disk").mkdir()
        words = {"folder": folder, "name": self.name, "empty": " ".join(EMPTY), "size": SIZE}
        (folder / "keep").write_text(KEEPER.format(**words))
        (folder / "power-on").write_text(POWER_ON.format(**words))
        (folder / "boot").write_text(BOOT.format(**words, path=PATH, systemd=SYSTEMD))
        self.keeper = subprocess.Popen(
            ["unshare", "--mount", "--net", "sh", folder / "keep", shutil.which("python3", path=PATH) or "python3"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.keeper.stdout is not None
        assert "ready\n" == self.keeper.stdout.readline()
        words_of_slirp = ("slirp4netns", "--configure", "--mtu=1400", "--disable-host-loopback", "--ready-fd=1")
        self.outside = subprocess.Popen(
            [*words_of_slirp, str(self.keeper.pid), "tap0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert self.outside.stdout is not None
        assert b"1" == self.outside.stdout.read(1)
        self._running: subprocess.Popen[bytes] | None = None

    @property
    def root(self) -> Path:
        """Its files, as seen from here."""
        return Path(f"/proc/{self.keeper.pid}/root{self.folder}/disk/root")

    def names(self, word: str) -> list[str]:
        """Of its files those that have this word in their path or in their text, as paths from its root."""
        own = self.root.with_name("upper")  # what it changed; the rest is the test's machine
        files = [file for file in own.rglob("*") if stat.S_IFMT(file.lstat().st_mode) != stat.S_IFCHR]  # gone: a device
        found = [file for file in files if word in str(file.relative_to(own)) or _has(file, word.encode())]
        return sorted(f"/{file.relative_to(own)}" for file in found)

    def boot(self) -> None:
        """Returns once everything that starts with it has."""
        within = ("nsenter", f"--target={self.keeper.pid}", "--mount", "--net")
        with (self.folder / "console").open("ab") as console:
            self._running = subprocess.Popen(
                [*within, "sh", self.folder / "power-on"], stdin=subprocess.DEVNULL, stdout=console, stderr=console
            )
        eventually(lambda: self._systemd() > 0 and (self._run_folder() / "systemd/private").exists(), BOOT_S)
        subprocess.run([*self.inside(), "systemctl", "is-system-running", "--wait"], timeout=BOOT_S, check=False)

    def shut_down(self) -> None:
        assert self._running is not None
        if self._systemd():
            subprocess.run([*self.inside(), "systemctl", "poweroff"], timeout=BOOT_S, check=False, capture_output=True)
        try:
            self._running.wait(BOOT_S)
        finally:
            self._running.kill()
            self._running = None

    def reboot(self) -> None:
        self.shut_down()
        self.boot()

    def inside(self) -> list[str]:
        """What to put before a command that is to run there."""
        return ["nsenter", f"--target={self._systemd()}", "--all", "env", "-i", *self._environment()]

    def in_its_network(self) -> list[str]:
        """What to put before a program of the test's machine that is to reach ports of this one."""
        return ["nsenter", f"--target={self.keeper.pid}", "--net"]

    @contextmanager
    def listening_there(self) -> Iterator[None]:
        """Sockets that this thread opens meanwhile are of its network."""
        with Path("/proc/thread-self/ns/net").open() as ours, Path(f"/proc/{self.keeper.pid}/ns/net").open() as there:
            _enter(there.fileno())
            try:
                yield
            finally:
                _enter(ours.fileno())

    def shell(self) -> Shell:
        return Shell([*self.inside(), "bash", "--noprofile", "--norc"])

    def give_up(self) -> None:
        with suppress(subprocess.TimeoutExpired):
            if self._running:
                self.shut_down()
        if self._running:
            self._running.kill()
            self._running.wait()
        self.outside.kill()
        self.outside.communicate()
        with suppress(subprocess.TimeoutExpired):
            self.keeper.communicate(timeout=30)
        self.keeper.kill()
        self.keeper.wait()

    def _environment(self) -> list[str]:
        return [
            f"PATH={PATH}",
            "HOME=/root",
            "LANG=C.UTF-8",
            "TERM=dumb",
            "USER=root",
            "DEBIAN_FRONTEND=noninteractive",
        ]

    def _systemd(self) -> int:
        """Its process as seen from here; 0: not yet."""
        assert self._running is not None
        unshare = self._running.pid
        with suppress(OSError, IndexError):
            return int(Path(f"/proc/{unshare}/task/{unshare}/children").read_text().split()[0])
        return 0

    def _run_folder(self) -> Path:
        return Path(f"/proc/{self._systemd()}/root/run")


def _has(file: Path, word: bytes) -> bool:
    return file.is_file() and not file.is_symlink() and word in file.read_bytes()


def _enter(network: int) -> None:
    """os.setns, which Python has from 3.12."""
    if ctypes.CDLL(None, use_errno=True).setns(network, 0):
        raise OSError(ctypes.get_errno(), "setns")


@contextmanager
def machine(folder: Path) -> Iterator[Machine]:
    """As it comes from Debian's installer, running."""
    made = Machine(folder)
    try:
        for name in ("usr/sbin/policy-rc.d", "etc/machine-id"):
            (made.root / name).unlink(missing_ok=True)
        (made.root / "etc/machine-id").write_text("")
        for unit in MASKED:
            (made.root / "etc/systemd/system" / unit).unlink(missing_ok=True)
            (made.root / "etc/systemd/system" / unit).symlink_to("/dev/null")
        made.boot()
        shell = made.shell()
        shell.run(_only_debian())
        shell.close()
        made.reboot()
        yield made
    finally:
        made.give_up()


def _only_debian() -> str:
    """Takes what other people added to the list of archives and of packages away again."""
    names = " ".join(f"'{name}*'" for name in UNWANTED)
    show = "dpkg-query -W -f '${db:Status-Abbrev} ${Package}\\n'"
    return f"""
    grep -L {DEBIAN} /etc/apt/sources.list.d/* | xargs -r rm
    there=$(({show} {names} 2>/dev/null || true) | sed -n 's/^ii  //p')
    [ -z "$there" ] || apt-get purge -y -qq $there >/dev/null
    rm -rf /etc/nginx /etc/prometheus /var/lib/prometheus /var/lib/postgresql /etc/caddy /var/lib/caddy
    """
