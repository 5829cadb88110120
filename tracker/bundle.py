"""From the modules in `src/` to the files a page loads.

The core imports its chunks by their content-hashed names, baked in here, so that a core that a browser or a proxy kept
always finds the chunks it was built with. In the source a chunk goes by its plain name in quotes.
"""

import re
from pathlib import Path
from typing import Final

from tracker.names import hashed_name
from tracker.node import BuildError, run_node

CHUNKS: Final = {
    "tonearm-plays.js": "src/plays-card.js",
}
"""What the core loads when a page needs it; file of `dist/` -> the module it is bundled from."""

ENTRIES: Final = {
    "tonearm.js": ("src/index.js", "--format=esm"),
    # A classic script has no address of its own but this one, and only while it runs for the first time.
    "tonearm-classic.js": ("src/classic.js", "--format=iife", "--define:import.meta.url=document.currentScript.src"),
}
"""What a page names in a tag -> the module it is bundled from, and its form."""

ESBUILD: Final = (
    "node_modules/esbuild/bin/esbuild",
    "--bundle",
    "--target=es2022",  # private fields; every browser since 2021
    "--charset=utf8",
    "--legal-comments=none",
    "--log-level=warning",
)
# esbuild bundles, terser makes it small: 3.6 % less after brotli than esbuild alone. None of terser's unsafe options.
_TERSER: Final = ("node_modules/terser/bin/terser", "--module", "--compress", "passes=3,ecma=2020", "--mangle")


def bundle(into: Path) -> None:
    """Write the files of `CHUNKS` and `ENTRIES` into a folder, each with its brotli form, and nothing else.

    Raises:
        BuildError: with what the tools complain of, or with the chunk that a core does not know.
    """
    hashed: dict[str, str] = {}
    for name, source in CHUNKS.items():
        content = _minified(source, "--format=esm")
        (into / name).write_bytes(content)
        hashed[name] = hashed_name(name, content)
    for name, (source, *form) in ENTRIES.items():
        content = _minified(source, *form)
        for chunk, address in hashed.items():
            content = _renamed(name, content, chunk, address)
        (into / name).write_bytes(content)
    run_node("brotli.mjs", *(into / name for name in (*CHUNKS, *ENTRIES)))


def _minified(source: str, *form: str) -> bytes:
    bundled = run_node(*ESBUILD, "--minify-syntax", *form, source)
    return run_node(*_TERSER, stdin=bundled).strip().encode()


def _renamed(name: str, content: bytes, chunk: str, address: str) -> bytes:
    renamed, found = re.subn(rb"(?<=[\"'`])%b(?=[\"'`])" % re.escape(chunk.encode()), address.encode(), content)
    if not found:
        raise BuildError(f"{name} does not load {chunk}: its source should name that file in one string.")
    return renamed
