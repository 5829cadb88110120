"""The npm package: what is in it, that its types are those of its module, and that a server may import it."""

import json
import re
import tarfile
from pathlib import Path

import pytest

from tests.support.blocks import blocks
from tests.support.npm import TSC, packed_and_installed
from tracker import DIST
from tracker.bundle import CHUNKS, ENTRIES, chunk_file
from tracker.names import hashed_name
from tracker.node import HOME, BuildError, install_tools, run_node
from tracker.npm_package import project_version, semantic

EXAMPLES = [
    code
    for page in (HOME / "npm/README.md", HOME.parent / "docs/install.md")
    for kind, code in blocks(page)
    if kind in ("js", "ts")
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site that has installed it."""
    install_tools()
    return packed_and_installed(tmp_path_factory.mktemp("npm"))


@pytest.fixture
def packed(site: Path) -> dict[str, int]:
    """The tarball's files and their sizes."""
    [tarball] = (site.parent / "packed").iterdir()
    with tarfile.open(tarball) as archive:
        return {member.name.removeprefix("package/"): member.size for member in archive.getmembers()}


def check_types(site: Path, program: str) -> None:
    (site / "program.ts").write_text(program)
    options = ["--noEmit", "--strict", "--target", "es2022", "--lib", "es2022,dom", "--types", ""]
    run_node(TSC, *options, "--module", "nodenext", "program.ts", cwd=site)


def test_the_package_holds_what_a_site_needs_and_nothing_else(packed: dict[str, int]) -> None:
    chunks = [f"dist/{hashed_name(name, (DIST / name).read_bytes())}" for name in map(chunk_file, CHUNKS)]
    split = ["chunk.js", *(Path(source).name for source in CHUNKS.values())]  # chunk.js: what several have in common
    tags = [f"dist/{name}" for name in ENTRIES]
    files = {re.sub(r"-[0-9A-Z]{8}\.js$", ".js", name) for name in packed}
    assert {"package.json", "README.md", "index.js", "index.d.ts", *split, *tags, *chunks} == files


def test_the_package_is_small(packed: dict[str, int]) -> None:
    assert packed["index.js"] < 20_000
    assert sum(packed.values()) < 65_000


def test_the_tags_files_are_those_that_the_service_serves(site: Path) -> None:
    installed = site / "node_modules/tonearm/dist"
    for name in ENTRIES:
        assert (DIST / name).read_bytes() == (installed / name).read_bytes()


def test_the_package_says_its_version_and_needs_nothing(site: Path) -> None:
    described = json.loads((site / "node_modules/tonearm/package.json").read_text())
    assert semantic(project_version()) == described["version"]
    assert {"dependencies", "peerDependencies", "scripts", "private"}.isdisjoint(described)
    assert described["sideEffects"] is True
    for file in (described["types"], *described["exports"]["."].values()):
        assert (site / "node_modules/tonearm" / file).is_file()


@pytest.mark.parametrize(
    ("python", "npm"),
    [("0.1.0", "0.1.0"), ("0.1.0.dev0", "0.1.0-dev.0"), ("0.1.0rc1", "0.1.0-rc.1"), ("1.2.3b4", "1.2.3-b.4")],
)
def test_a_version_is_written_as_npm_writes_it(python: str, npm: str) -> None:
    assert npm == semantic(python)


@pytest.mark.parametrize("program", EXAMPLES)
def test_the_documented_examples_have_the_types_they_should(site: Path, program: str) -> None:
    check_types(site, program)


def test_events_and_elements_have_types(site: Path) -> None:
    check_types(
        site,
        """
        import { share, type ShareOutcome, type Status, status } from "tonearm";
        const outcome: ShareOutcome = await share("track:a", "link");
        const now: Status | undefined = await status();
        const card: HTMLElement = document.createElement("tonearm-plays");
        card.addEventListener("tonearm:shared", ({ detail }) => detail.target.at(0));
        export { card, now, outcome };
        """,
    )


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("openPlay({ duration: 240 })", "track"),
        ("openPlay({ track: 1 })", "string"),
        ("observe('audio')", "Player"),
        ("share('track:a')", "Expected 2-3 arguments"),
        ("(await status())!.rule.at(0)", "'at' does not exist on type 'number'"),
    ],
)
def test_a_wrong_call_is_told(site: Path, wrong: str, said: str) -> None:
    with pytest.raises(BuildError, match=said):
        check_types(site, f'import {{ observe, openPlay, share, status }} from "tonearm";\n{wrong};')


def test_a_server_may_import_it_and_call_all_of_it(site: Path) -> None:
    (site / "server.js").write_text(
        """
        import { observe, openPlay, optIn, optOut, share, status } from "tonearm";
        observe(undefined, { track: "a" });
        const play = openPlay({ track: "a", duration: 4 });
        play.progress(3), play.duration(4), play.end(), play.close();
        await optOut(), await optIn();
        console.log(JSON.stringify([await share("track:a", "link"), await status(), Object.keys(globalThis).length]));
        """
    )
    (site / "bare.js").write_text("console.log(Object.keys(globalThis).length)")
    shared, status, names = json.loads(run_node("server.js", cwd=site))
    assert "failed" == shared
    assert status is None
    assert int(run_node("bare.js", cwd=site)) == names
