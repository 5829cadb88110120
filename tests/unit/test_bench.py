"""What the bench says of its figures: the goals, the layers of a profile, and the page that repeats them."""

from pathlib import Path
from xml.etree import ElementTree

from bench import render, site
from bench.chart import Line, draw
from bench.layers import layer
from bench.results import Goal, Row, compared, read

ROOT = Path(__file__).parents[2]


def test_a_ratio_is_the_median_of_the_pairs_not_of_the_sides() -> None:
    row = compared("rate", "events/s", [100, 400, 90], "the other", [50, 100, 30])
    assert (100, 3.0) == (row.figure, row.ratio)


def test_a_goal_is_met_on_its_side_only() -> None:
    at_least = compared("rate", "events/s", [9.0], "the other", [10.0], goal=0.95)
    at_most = compared("time", "ms", [9.0], "the other", [10.0], goal=0.95, side=Goal.AT_MOST)
    assert (False, True) == (at_least.met, at_most.met)


def test_a_figure_without_a_ratio_is_held_to_its_goal_itself() -> None:
    assert False is Row("memory", 151.0, "MiB", goal=150.0, side=Goal.AT_MOST).met
    assert None is Row("memory", 151.0, "MiB").met


def test_a_sample_belongs_to_the_innermost_frame_that_has_a_layer() -> None:
    outer = "_serve (/x/server/beacon/listener.py:90)"
    stack = [outer, "_listener (/x/server/events.py:9)", "base (/x/privacy/pseudonym.py:30)", "digest (/y/hmac.py:190)"]
    assert ["sockets and answers", "contract", "privacy", "privacy"] == [layer(stack[:end]) for end in range(1, 5)]


def test_a_chart_is_well_formed_whatever_its_names() -> None:
    root = ElementTree.fromstring(draw([0.0, 1.0], [Line("a < b", "MiB", [1.0, 2.0]), Line("c", "", [0.0, 0.0])]))
    assert 2 == len(root.findall("{http://www.w3.org/2000/svg}path"))


def test_the_tracks_shares_of_all_plays_add_up() -> None:
    fame = site.fame()
    assert site.TRACKS == len(fame)
    assert sorted(fame, reverse=True) == fame
    assert 1.0 == round(sum(fame), 9)


def test_the_page_says_what_was_measured_last() -> None:
    results = read(ROOT / "bench" / "results" / "latest.json")
    assert render.document(results, "../bench/results") == (ROOT / "docs" / "performance.md").read_text("utf-8")
