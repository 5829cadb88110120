"""The modules that other folders have rewritten by pytest, in case a test of this folder is the first to import one."""

import pytest

pytest.register_assert_rewrite(
    "tests.browser.card_page", "tests.browser.figures", "tests.browser.visitor", "tests.recipes.listening"
)
