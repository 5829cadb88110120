"""The names that built files are served by, and what a page pins them with.

A file has a plain name, `tonearm.js`, whose content changes with the service, and one made from its content,
`tonearm.1a2b3c4d.js`, whose content never changes.
"""

import hashlib
import re
from base64 import b64encode
from pathlib import PurePath
from typing import Final

_DIGITS: Final = 8
"""Of a content hash. It keeps files apart, and the release of a file whose name is taken fails; against tampering there
is the integrity. Each digit more is paid for by every page, since the core carries the names of its chunks."""

HASHED: Final = re.compile(rf"(?P<stem>[a-z-]+)\.(?P<hash>[0-9a-f]{{{_DIGITS}}})\.js")


def content_hash(content: bytes) -> str:
    """The first digits that `sha256sum` prints."""
    return hashlib.sha256(content).hexdigest()[:_DIGITS]


def hashed_name(name: str, content: bytes) -> str:
    """`tonearm.js` with this content -> `tonearm.1a2b3c4d.js`."""
    path = PurePath(name)
    return f"{path.stem}.{content_hash(content)}{path.suffix}"


def integrity(content: bytes) -> str:
    """As the attribute `integrity` has it (W3C Subresource Integrity)."""
    return f"sha384-{b64encode(hashlib.sha384(content).digest()).decode()}"
