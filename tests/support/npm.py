"""The npm package as a site gets it: packed, installed into a folder of its own, bundled."""

from pathlib import Path

from tracker.node import HOME, npm_program, run_node
from tracker.npm_package import pack

ESBUILD = HOME / "node_modules/esbuild/bin/esbuild"
TSC = HOME / "node_modules/typescript/bin/tsc"


def packed_and_installed(folder: Path) -> Path:
    """`npm install` of the tarball, without a network; answers with the site's folder."""
    tarball = pack(folder / "packed")
    site = folder / "site"
    site.mkdir()
    (site / "package.json").write_text('{"name": "site", "private": true, "type": "module"}')
    run_node(npm_program(), "install", "--offline", "--no-audit", "--no-fund", tarball, cwd=site)
    return site


def bundled(site: Path, program: str, *words: str) -> dict[str, bytes]:
    """The site's files by path, after its bundler had this program."""
    (site / "program.js").write_text(program)
    out = site / "built"
    run_node(ESBUILD, "--bundle", "--minify", f"--outdir={out}", *words, "program.js", cwd=site)
    return {f"/{file.name}": file.read_bytes() for file in out.iterdir()}
