"""Crawlers are known by the list, remembered within a bound, and never by their User-Agent."""

from server.crawlers import Crawlers

BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"


def test_the_list_tells_crawlers_from_browsers() -> None:
    crawlers = Crawlers(key=b"k")
    for _ in range(2):  # looked up, and remembered
        assert crawlers.known("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)")
        assert not crawlers.known(BROWSER)
        assert not crawlers.known("")
        assert not crawlers.known("ünïcode \udcff")


def test_no_user_agent_is_kept() -> None:
    crawlers = Crawlers(key=b"k", most=4)
    for number in range(50):
        crawlers.known(f"{BROWSER} {number}")
    verdicts = crawlers._verdicts  # the only place that could hold one
    kept = verdicts._young.keys() | verdicts._old.keys()
    assert len(kept) <= 4
    assert not any(b"Mozilla" in name for name in kept)
