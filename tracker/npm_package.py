"""The npm package `tonearm`: the module for sites that bundle, its types, and the files of `dist/` for self-hosting."""

import json
import re
import tempfile
import tomllib
from pathlib import Path
from typing import Final

from tracker import DIST
from tracker.bundle import CHUNKS, ENTRIES, ESBUILD, chunk_file
from tracker.names import hashed_name
from tracker.node import HOME, npm_program, run_node

SOURCE: Final = HOME / "npm"
_PROJECT: Final = HOME.parent / "pyproject.toml"


def project_version() -> str:
    """The version of this checkout, as Python writes it."""
    return str(tomllib.loads(_PROJECT.read_text())["project"]["version"])


def semantic(version: str) -> str:
    """`0.1.0.dev0` -> `0.1.0-dev.0`, `0.1.0rc1` -> `0.1.0-rc.1`: npm takes semantic versions alone."""
    return re.sub(r"\.?([a-z]+)(\d+)$", r"-\1.\2", version)


def pack(into: Path) -> Path:
    """`npm pack` of the built package; answers with the tarball.

    Raises:
        BuildError: with what the tools complain of.
    """
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        assemble(Path(folder))
        told = run_node(npm_program(), "pack", "--json", f"--pack-destination={into.resolve()}", cwd=Path(folder))
    [packed] = json.loads(told)
    return into / str(packed["filename"])


def assemble(into: Path) -> None:
    """Write what the package holds. Its module is readable: the site's bundler makes it small."""
    (into / "dist").mkdir()
    for name in ENTRIES:
        (into / "dist" / name).write_bytes((DIST / name).read_bytes())
    for name in map(chunk_file, CHUNKS):
        content = (DIST / name).read_bytes()
        (into / "dist" / hashed_name(name, content)).write_bytes(content)
    form = ("--format=esm", "--splitting", "--chunk-names=[name]-[hash]", f"--outdir={into}")
    run_node(*ESBUILD, *form, "npm/index.js")
    (into / "index.d.ts").write_bytes((SOURCE / "tonearm.d.ts").read_bytes())
    (into / "README.md").write_bytes((SOURCE / "README.md").read_bytes())
    described = json.loads((SOURCE / "package.json").read_text())
    described["version"] = semantic(project_version())
    (into / "package.json").write_text(json.dumps(described, indent=2) + "\n")
