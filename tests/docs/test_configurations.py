"""The configurations that a page shows are ones: each is read by the program it is for."""

import subprocess
import tomllib
from pathlib import Path
from typing import Final

import pytest

from server.config import Config
from storage.bridge import Address, Connection, open_database
from storage.migrate import migrate, migrations
from tests.docs.claims import pages
from tests.support.blocks import fenced
from tests.support.nginx import PROGRAM
from tests.support.proxy import DEPLOY

TOMLS: Final = [block.text for block in fenced(pages()["docs/faq.md"]) if block.kind == "toml"]
NGINX: Final = [block.text for block in fenced(pages()["docs/deploy.md"]) if block.kind == "nginx"]
[SHARDS] = [block.text for block in fenced(pages().get("docs/scale.md", "")) if block.kind == "sql"]
# Citus' functions, as far as they look at what they are given: a regclass is a table that is there.
STAND_INS: Final = """
CREATE FUNCTION create_reference_table(what regclass) RETURNS void LANGUAGE sql AS '';
CREATE FUNCTION create_distributed_table(what regclass, by name, colocate_with text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM pg_attribute WHERE attrelid = what AND attname = by AND NOT attisdropped;
    IF NOT FOUND THEN RAISE EXCEPTION '% has no column %', what, by; END IF;
    IF colocate_with <> 'none' THEN PERFORM colocate_with::regclass; END IF;
END $$;
"""
AROUND: Final = """
pid {folder}/nginx.pid;
error_log stderr;
events {{ }}
http {{
    include {deploy}/tonearm-shared.conf;
    access_log off;
    server {{
        listen 127.0.0.1:8099;
        {block}
    }}
}}
"""


@pytest.mark.parametrize("toml", TOMLS)
def test_a_block_is_a_configuration(toml: str) -> None:
    said = tomllib.loads(toml)
    read = Config(**said).model_dump(mode="json")
    for name, value in said.items():
        assert value.items() <= read[name].items() if isinstance(value, dict) else value == read[name]


@pytest.mark.skipif(PROGRAM is None, reason="there is no nginx on this machine (Debian: apt-get install nginx)")
@pytest.mark.parametrize("block", NGINX)
def test_nginx_takes_a_block(block: str, tmp_path: Path) -> None:
    """In a server of its own, where `tonearm-shared.conf` is included as the page says."""
    for file in (DEPLOY / "nginx").glob("*.conf"):
        (tmp_path / file.name).write_text(file.read_text().replace("/var/log/nginx/", f"{tmp_path}/"))
    here = block.replace("/etc/nginx/", f"{tmp_path}/")
    (tmp_path / "nginx.conf").write_text(AROUND.format(folder=tmp_path, deploy=tmp_path, block=here))
    assert PROGRAM is not None
    command = [PROGRAM, "-t", "-q", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr)


async def test_sql_for_shards_names_every_table(database_url: str) -> None:
    async def run(connection: Connection) -> None:
        await connection.execute(STAND_INS)
        await connection.execute(SHARDS)

    async with open_database(Address(url=database_url), connections=1) as database:
        await database.transaction(migrate, migrations())
        await database.transaction(run)
