"""What the running processes say of themselves (actors/pulse.py), and whether any run at all.

Nobody has to sign in for that: who can reach the database hears them, as `tonearm live` does.
"""

from collections.abc import Mapping, Sequence

from actors.processes import Process
from actors.report import Report
from server.doctor.finding import Finding, fail, ok, unknown, warn
from server.doctor.words import NEEDS_DATABASE, START_IT, count, duration, listed


def service(pid: int | None, processes: Sequence[Process] | None, now: float) -> Finding:
    """`pid`: of the service on this data directory. `processes`: that live, on any machine; None: nobody was asked."""
    code = "service"
    if processes:
        since = duration(now - min(one.report.started_at for one in processes))
        runs = count(len(processes), "process runs", "processes run")
        where = "" if pid else ", none of them on this data directory"
        return ok(code, f"{runs}{where}, the first for {since}.")
    if pid is None:
        return unknown(
            code,
            "The service does not run on this data directory. What only it can tell stays unknown.",
            "Start it: systemctl start tonearm, or tonearm serve",
        )
    if processes is None:
        return unknown(
            code, f"The service runs (process {pid}), and cannot be asked without the database.", NEEDS_DATABASE
        )
    return fail(
        code,
        f"The service runs (process {pid}), and says nothing over this database: it hangs, or uses another one.",
        "Look at its log (journalctl -u tonearm) and at `database-listen` and `settings` here; then restart it.",
    )


def settings(ours: Mapping[str, str], theirs: Mapping[str, str] | None, *, runs: bool) -> Finding:
    """Names alone: of the environment this command has, and of the running service's. None: it cannot be read."""
    code = "settings"
    if not runs:
        return unknown(code, "There is no running service whose settings could be compared.", START_IT)
    if theirs is None:
        return unknown(
            code,
            "Whether the running service has the same settings in its environment cannot be told.",
            "Ask as root, or as the service's account.",
        )
    names = sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name))
    if names:
        return warn(
            code,
            f"The running service has another environment than this command ({listed(names)}): what is said here of "
            "the configuration may not be so.",
            'Take its settings: tonearm doctor --pid "$(systemctl show --value -p MainPID tonearm)"',
        )
    return ok(code, "The running service has the same settings in its environment as this command.")


def processes(found: Sequence[Process] | None) -> Finding:
    """Those that are gone included."""
    code = "processes"
    if not found:
        return unknown(code, "No process could be asked.", START_IT)
    lost = [one for one in found if one.gone and not one.ended]
    if lost:
        worst = max(one.heard_s for one in lost)
        return warn(
            code,
            f"{count(len(lost), 'process has', 'processes have')} not been heard of for up to {duration(worst)}, and "
            "did not say that it ends.",
            "Look at that machine, or at its log. Its spool is counted when it is started again.",
        )
    modes = {one.report.mode for one in found if not one.gone}
    if len(modes) > 1:
        return warn(
            code,
            f"The processes have different privacy modes ({listed(sorted(modes))}).",
            "Set the same [privacy] mode on every machine, and reload each service: systemctl reload tonearm",
        )
    return ok(code, f"All agree on the privacy mode {listed(modes)}." if modes else "None runs, and each said so.")


def versions(living: Sequence[Process] | None, ours: str) -> Finding:
    """Of the processes, and of this program."""
    code = "versions"
    if not living:
        return unknown(code, f"This program is {ours}; which version runs is told only while one does.", START_IT)
    theirs = sorted({one.report.version for one in living})
    if len(theirs) > 1:
        return warn(
            code,
            f"Processes of different versions run: {listed(theirs)}.",
            "That is fine while you upgrade one after the other; then restart those that are left behind.",
        )
    if theirs != [ours]:
        return warn(
            code,
            f"{theirs[0]} runs, and {ours} is installed.",
            "Restart the service: systemctl restart tonearm",
        )
    return ok(code, f"{ours} is installed, and runs.")


def living(found: Sequence[Process] | None) -> Sequence[Process] | None:
    """Without those that are gone."""
    return None if found is None else [one for one in found if not one.gone]


def ledger(total: Report | None) -> Finding:
    """Every event has one outcome."""
    code = "ledger"
    if total is None:
        return unknown(code, "What became of the events only a running service can tell.", START_IT)
    if total.missing:
        return fail(
            code,
            f"Of {count(total.received, 'event')} {abs(total.missing):,} "
            f"{'without an outcome' if total.missing > 0 else 'with more than one outcome'}: a mistake in Tonearm.",
            "Please report it, with what /dashboard/health shows. `tonearm check` tells whether a figure is wrong.",
        )
    return ok(code, f"Each of {count(total.received, 'event')} that came in has one outcome.")
