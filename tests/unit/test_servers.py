"""Which servers a database's URL names."""

import pytest

from storage.servers import Server, several


@pytest.mark.parametrize(
    "url",
    [
        "",
        "postgresql://",
        "postgresql://db",
        "postgresql://a:b@db:5433/x",
        "postgresql:///x?host=/run/postgresql&port=1",
    ],
)
def test_one_server_or_none_is_left_to_the_driver(url: str) -> None:
    assert [] == list(several(url))


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("postgresql://a,b/x", [("a", 5432), ("b", 5432)]),
        ("postgresql://me:p%40ss@a:1,b:2,c/x?sslmode=require", [("a", 1), ("b", 2), ("c", 5432)]),
        ("postgresql://me@[fd00::1]:1,[fd00::2]/x", [("fd00::1", 1), ("fd00::2", 5432)]),
        ("postgresql:///x?host=a,b&port=1,2", [("a", 1), ("b", 2)]),
        ("postgresql:///x?host=/one,/two&port=6000", [("/one", 6000), ("/two", 6000)]),
        ("postgresql://%2Fone,%2Ftwo/x", [("/one", 5432), ("/two", 5432)]),
    ],
)
def test_several_are_told_apart_in_their_order(url: str, named: list[tuple[str, int]]) -> None:
    assert [Server(*one) for one in named] == list(several(url))


@pytest.mark.parametrize("url", ["postgresql://a:x,b/x", "postgresql:///x?host=a,b,c&port=1,2"])
def test_ports_that_cannot_be_are_an_error(url: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        several(url)
