"""What a site pastes into its pages: the script tag, pinned or not, a player, the card, a control to opt out.

Pure text from what is wanted and from the files that are served. `policy` says what a Content-Security-Policy must
allow for exactly that text.
"""

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from typing import Final

from tracker.names import hashed_name, integrity

MODULE: Final = "tonearm.js"
CLASSIC: Final = "tonearm-classic.js"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to print."""

    service: str  # the origin by which browsers reach the service
    classic: bool = False  # a script for pages that cannot load a module
    pinned: bool = False  # by content, with integrity hashes
    card: bool = False
    track: str = ""  # the key of a player to show
    opt_out: bool = False

    @property
    def core(self) -> str:
        """The plain name of the file the tag loads."""
        return CLASSIC if self.classic else MODULE


def snippet(wanted: Wanted, files: Mapping[str, bytes]) -> str:
    """The HTML; `files` are those of this version by plain name."""
    return "\n".join(_parts(wanted, files)) + "\n"


def policy(wanted: Wanted, files: Mapping[str, bytes]) -> str:
    """What the page's Content-Security-Policy must allow beside what it allows already."""
    scripts = [wanted.service, *(f"'sha256-{_hash(script)}'" for script in _inline(wanted, files))]
    return f"script-src {' '.join(scripts)}; connect-src {wanted.service}"


def pinned_names(wanted: Wanted, files: Mapping[str, bytes]) -> list[str]:
    """The content-hashed names that a pinned snippet counts on."""
    return [hashed_name(name, files[name]) for name in (wanted.core, *_chunks(files))]


def _parts(wanted: Wanted, files: Mapping[str, bytes]) -> Iterator[str]:
    if wanted.pinned:
        yield f'<script type="importmap">{_import_map(wanted, files)}</script>'
    yield _tag(wanted, files)
    if wanted.track:
        yield f'<audio controls src="song.mp3" data-tonearm-track="{escape(wanted.track)}"></audio>'
    if wanted.card:
        yield "<tonearm-plays></tonearm-plays>"
    if wanted.opt_out:
        yield _CONTROL
        kind = "" if wanted.classic else ' type="module"'
        yield f"<script{kind}>{_opt_out_script(wanted, files)}</script>"


def _inline(wanted: Wanted, files: Mapping[str, bytes]) -> Iterator[str]:
    if wanted.pinned:
        yield _import_map(wanted, files)
    if wanted.opt_out:
        yield _opt_out_script(wanted, files)


def _hash(script: str) -> str:
    return b64encode(sha256(script.encode()).digest()).decode()


def _address(name: str, wanted: Wanted, files: Mapping[str, bytes]) -> str:
    return f"{wanted.service}/{hashed_name(name, files[name]) if wanted.pinned else name}"


def _tag(wanted: Wanted, files: Mapping[str, bytes]) -> str:
    kind = "defer" if wanted.classic else 'type="module"'
    pin = f' integrity="{integrity(files[wanted.core])}"' if wanted.pinned else ""
    # A classic script of another origin may import what stands beside it only if it was itself fetched with CORS (HTML,
    # "create a classic script", muted errors); a module always is.
    cors = ' crossorigin="anonymous"' if wanted.pinned or wanted.classic else ""
    return f'<script {kind} src="{escape(_address(wanted.core, wanted, files))}"{pin}{cors}></script>'


def _chunks(files: Mapping[str, bytes]) -> list[str]:
    return [name for name in files if name not in (MODULE, CLASSIC)]


def _import_map(wanted: Wanted, files: Mapping[str, bytes]) -> str:
    """The attribute `integrity` of a script does not cover what the script imports; an import map does."""
    covered = _chunks(files)
    if wanted.opt_out and not wanted.classic:
        covered = [wanted.core, *covered]  # the control imports it too
    lines = {_address(name, wanted, files): integrity(files[name]) for name in covered}
    return "\n" + json.dumps({"integrity": lines}, indent=2).replace("<", "\\u003c") + "\n"


_CONTROL: Final = """\
<p id="tonearm-opt-out" hidden><span role="status"></span> <button type="button"></button></p>"""

_OPT_OUT: Final = """\
const place = document.getElementById("tonearm-opt-out");
const [state, button] = place.children;
const say = async () => {
  const { optedOut, refused } = await status();
  state.textContent = optedOut ? "You are not counted as a listener on this site."
    : refused ? "Your browser asks not to be counted as a listener, and you are not."
    : "Plays on this site are counted, and roughly how many listeners there are.";
  button.textContent = optedOut ? "Count me as a listener again" : "Do not count me as a listener";
};
button.addEventListener("click", async () => {
  (await status()).optedOut ? optIn() : optOut();
  say();
});
say().then(() => (place.hidden = false), () => {});"""


def _opt_out_script(wanted: Wanted, files: Mapping[str, bytes]) -> str:
    """Shows the control only if the tracker is there: a button that does nothing would be a false promise."""
    if wanted.classic:
        inner = _OPT_OUT.replace("\n", "\n  ")
        head = 'addEventListener("DOMContentLoaded", () => {'  # once deferred scripts have run
        taken = "  if (!window.tonearm) return;\n  const { optIn, optOut, status } = window.tonearm;"
        return f"\n{head}\n{taken}\n  {inner}\n}});\n"
    address = json.dumps(_address(wanted.core, wanted, files)).replace("<", "\\u003c")
    return f"\nimport {{ optIn, optOut, status }} from {address};\n{_OPT_OUT}\n"
