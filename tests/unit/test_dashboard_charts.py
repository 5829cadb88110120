"""Pictures: their geometry is the figures', and nobody's text becomes markup."""

import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from server.dashboard.charts import Chart, Series, Steps, columns, curve, proportion, scale, sparkline

HOSTILE = "</title><script>alert(1)</script>\" onload='x' & \N{MUSICAL KEYBOARD}"
SVG = "{http://www.w3.org/2000/svg}"


def stacked(*stacks: tuple[int, int, int]) -> Chart:
    names = [f"day {at}" for at in range(len(stacks))]
    looks = ("complete", "sampled", "partial")
    series = [Series(look, look.title(), [stack[at] for stack in stacks]) for at, look in enumerate(looks)]
    return columns("plays", "Plays", "plays a day", Steps(names, names), series, "All of them.")


def drawn(chart: Chart) -> ElementTree.Element:
    return ElementTree.fromstring(chart.by_itself())


def heights(chart: Chart, look: str) -> list[float]:
    inner = next(one for one in drawn(chart).iter(f"{SVG}svg") if one.get("class") == "chart")
    return [float(rect.get("height", 0)) for rect in inner.iter(f"{SVG}rect") if rect.get("class") == look]


@pytest.mark.parametrize("stacks", [[(10, 20, 30), (40, 0, 5)], [(1, 0, 0)], [(7_000_000, 2_000_000, 1_000_000)] * 3])
def test_a_column_is_as_high_as_its_figure(stacks: list[tuple[int, int, int]]) -> None:
    chart = stacked(*stacks)
    of_one = heights(chart, "complete")[0] / stacks[0][0]
    for at, look in enumerate(("complete", "sampled", "partial")):
        expected = [of_one * stack[at] for stack in stacks if stack[at]]
        assert expected == pytest.approx(heights(chart, look), abs=0.02)


def test_the_stack_stands_on_the_line_and_has_no_gaps() -> None:
    inner = next(one for one in drawn(stacked((10, 20, 30))).iter(f"{SVG}svg") if one.get("class") == "chart")
    foot = float(next(line for line in inner.iter(f"{SVG}line") if "guide--foot" in line.get("class", "")).get("y1", 0))
    for look in ("complete", "sampled", "partial"):
        rect = next(rect for rect in inner.iter(f"{SVG}rect") if rect.get("class") == look)
        assert foot == pytest.approx(float(rect.get("y", 0)) + float(rect.get("height", 0)), abs=0.03)
        foot = float(rect.get("y", 0))


@pytest.mark.parametrize("highest", [0, 1, 2, 3, 4, 5, 9, 10, 11, 39, 40, 41, 99, 1_234, 9_999_999, 10_000_001])
def test_an_axis_has_whole_steps_and_reaches_just_over_the_highest(highest: int) -> None:
    top, ticks = scale([0, highest])
    steps = {later - earlier for earlier, later in pairwise(ticks)}
    assert (0, top, 1) == (ticks[0], ticks[-1], len(steps))
    assert 2 <= len(ticks) <= 5
    assert highest <= top < max(2, highest) + max(steps)
    assert all(tick == int(tick) for tick in ticks)


def test_a_curve_is_broken_where_nothing_is_known() -> None:
    names = list("abcde")
    one = Series("curve", "Completion", [0.5, 0.75, None, 1.0, 0.0])
    inner = drawn(curve("completion", "Completion", "share", Steps(names, names), one, "Half."))
    dots = [float(dot.get("cy", 0)) for dot in inner.iter(f"{SVG}circle")]
    lines = [line for line in inner.iter(f"{SVG}line") if line.get("class") == "curve"]
    assert (4, 2) == (len(dots), len(lines))
    top, foot = dots[2], dots[3]
    assert [0.5, 0.75] == pytest.approx([(foot - dot) / (foot - top) for dot in dots[:2]], abs=0.001)


def test_a_single_column_is_no_wall() -> None:
    inner = drawn(stacked((3, 2, 1)))
    [rect] = [rect for rect in inner.iter(f"{SVG}rect") if rect.get("class") == "partial" and "%" in rect.get("x", "")]
    assert 10 > float(rect.get("width", "").removesuffix("%"))


def test_each_step_has_a_hint_with_its_sum_and_its_parts() -> None:
    titles = [title.text for title in drawn(stacked((1_500, 20, 3))).iter(f"{SVG}title")]
    assert "day 0\n1,523 plays a day\nPartial: 3\nSampled: 20\nComplete: 1,500" in titles


def test_strangers_text_is_text_in_a_page_and_in_a_file() -> None:
    steps = Steps([HOSTILE], [HOSTILE])
    chart = columns("plays", HOSTILE, HOSTILE, steps, [Series("complete", HOSTILE, [1])], HOSTILE)
    for written in (str(chart.svg), chart.by_itself()):
        elements = list(ElementTree.fromstring(written).iter())
        assert not [one.tag for one in elements if "script" in one.tag]
        assert not [one.attrib for one in elements if "onload" in one.attrib]
    assert HOSTILE in [title.text for title in drawn(chart).iter(f"{SVG}title")]


def test_a_title_that_xml_cannot_write_leaves_a_file_that_opens() -> None:
    steps = Steps(["a\x01b"], ["a\x0b\ufffeb"])
    chart = columns("plays", "\x1b[31m", "plays", steps, [Series("complete", "To the end", [1])], "One.")
    assert "a\ufffd\ufffdb\nTo the end: 1" in [title.text for title in drawn(chart).iter(f"{SVG}title")]


def test_a_picture_on_a_page_has_no_style_and_no_script_of_its_own() -> None:
    inside = str(stacked((1, 2, 3)).svg)
    assert not re.search(r"<style|<script|\sstyle=|\son\w+=|href", inside)


def test_a_file_carries_its_colours_for_light_and_dark_and_asks_for_nothing_else() -> None:
    file = stacked((1, 2, 3)).by_itself()
    style = next(drawn(stacked((1, 2, 3))).iter(f"{SVG}style")).text or ""
    used = set(re.findall(r"var\((--[\w-]+)\)", style))
    light, dark = style.split("@media (prefers-color-scheme: dark)", 1)
    assert used
    assert used <= set(re.findall(r"(--[\w-]+):", light))
    assert "--paper" in dark
    assert not re.search(r"(?:href|src|url\()", file)
    assert ["http://www.w3.org/2000/svg"] == re.findall(r"https?://[^\"\s]+", file)


@pytest.mark.parametrize("values", [[], [0], [5], [0, 0, 0], [1, 2, 3]])
def test_a_sparkline_stays_within_its_frame(values: list[float]) -> None:
    points = re.findall(r"([\d.]+),([\d.]+)", str(sparkline(values)))
    assert len(values) == len(points)
    assert all(0 <= float(x) <= 100 and 2 <= float(y) <= 26 for x, y in points)


def test_parts_of_a_bar_are_as_wide_as_they_are_large() -> None:
    widths = re.findall(r'width="([\d.]+)%" height', str(proportion([("partial", 1), ("sampled", 1), ("complete", 2)])))
    assert ["25.000", "25.000", "50.000"] == [*widths[-3:]]
    assert "nan" not in str(proportion([("partial", 0)]))
