"""The page and its tests belong together: what is on the one is in the other."""

import pytest

from tests.recipes import page
from tests.recipes.players import PLAYERS


def test_every_example_is_one_that_the_tests_run() -> None:
    assert {recipe.name for recipe in PLAYERS} == {block.name for block in page.BLOCKS}


def test_every_language_of_an_example_reaches_its_page() -> None:
    for block in page.BLOCKS:
        assert block.text in page.markup(block.name) + page.script(block.name)


def test_a_variant_of_what_an_example_no_longer_says_is_not_run() -> None:
    with pytest.raises(AssertionError, match="no longer says html5: true"):
        page.changed("new Howl({})", {"html5: true": "html5: false"})
