"""The two headers by which a browser says that its owner objects to being counted apart (DESIGN §8).

A third way to object is not a header: `optOut()` of the tracker, which a play then says in its body; whoever reads
the body treats it like these (`objected` of modes.derives). An objection wins over every mode; nothing is asked back
and nothing of the signal is stored, so who objects cannot be told from who was counted in mode `off`.
"""


def objects(*, sec_gpc: str | None, dnt: str | None) -> bool:
    """True for `Sec-GPC: 1` (Global Privacy Control) or `DNT: 1`; the play still counts, no listener is made.

    The arguments are the headers' values, None where there is none, joined with commas where there are several lines
    (a browser's and an extension's). One line that objects is enough. Anything but 1 is no objection, as GPC has it,
    except that DNT allows further characters behind its digit (Tracking Preference Expression §5.2.1). Never raises.
    """
    return (sec_gpc is not None and "1" in _members(sec_gpc)) or (
        dnt is not None and any(member.startswith("1") for member in _members(dnt))
    )


def _members(value: str) -> list[str]:
    return [member.strip(" \t") for member in value.split(",")]
