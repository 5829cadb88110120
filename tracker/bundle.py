"""From the modules in `src/` to the files a page loads.

The core imports its chunks by their content-hashed names, baked in here, so that a core that a browser or a proxy kept
always finds the chunks it was built with. In the source a chunk goes by its bare name in quotes.
"""

import re
from pathlib import Path
from typing import Final

from tracker.names import content_hash
from tracker.node import BuildError, run_node

CHUNKS: Final = {
    "keep": "src/keep.js",
    "copy": "src/copy-text.js",
    "plays": "src/plays-card.js",
}
"""What the core loads when a page needs it: its name in the core, `tonearm-NAME.js` in `dist/` -> where it begins."""

ENTRIES: Final = {
    "tonearm.js": ("src/index.js", "--format=esm"),
    # A classic script has no address of its own but this one, and only while it runs for the first time.
    "tonearm-classic.js": ("src/classic.js", "--format=iife", "--define:import.meta.url=document.currentScript.src"),
}
"""What a page names in a tag -> the module it is bundled from, and its form."""

FILES: Final = (*(f"tonearm-{chunk}.js" for chunk in CHUNKS), *ENTRIES)
"""All that is built."""

ESBUILD: Final = (
    "node_modules/esbuild/bin/esbuild",
    "--bundle",
    "--target=es2022",  # private fields; every browser since 2021
    "--charset=utf8",
    "--legal-comments=none",
    "--log-level=warning",
)
_MANGLE: Final = "--mangle=reserved=[observe,openPlay,optIn,optOut,share,status]"
"""The names that are exported stay as they are: renaming them takes an `as` for each."""

# esbuild bundles, terser makes it small: 8 % less after brotli than esbuild alone. Of terser's unsafe options only the
# one that turns functions into arrows; no function here is constructed or asked for its name.
_TERSER: Final = (
    "node_modules/terser/bin/terser",
    "--module",
    "--compress=passes=3,unsafe_arrows,pure_getters",
    "--ecma=2022",
    _MANGLE,
)


def bundle(into: Path) -> None:
    """Write the files of `CHUNKS` and `ENTRIES` into a folder, each with its brotli form, and nothing else.

    Raises:
        BuildError: with what the tools complain of, or with the chunk that a core does not know.
    """
    chunks = {chunk: _minified(source, "--format=esm") for chunk, source in CHUNKS.items()}
    for chunk, content in chunks.items():
        (into / chunk_file(chunk)).write_bytes(content)
    for name, (source, *form) in ENTRIES.items():
        core = _minified(source, *form)
        for chunk, content in chunks.items():
            core = _renamed(name, core, chunk, f"{chunk}.{content_hash(content)}")
        (into / name).write_bytes(core)
    run_node("brotli.mjs", *(into / name for name in FILES))


def chunk_file(chunk: str) -> str:
    """`keep` -> `tonearm-keep.js`."""
    return f"tonearm-{chunk}.js"


def _minified(source: str, *form: str) -> bytes:
    bundled = run_node(*ESBUILD, "--minify-syntax", *form, source)
    return run_node(*_TERSER, stdin=bundled).strip().encode()


def _renamed(name: str, content: bytes, chunk: str, hashed: str) -> bytes:
    renamed, found = re.subn(rb"(?<=[\"'`])%b(?=[\"'`])" % re.escape(chunk.encode()), hashed.encode(), content)
    if found != 1:
        raise BuildError(
            f'{name} has the string "{chunk}" {found} times: its source should have it once, to load that chunk.'
        )
    return renamed
