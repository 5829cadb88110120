"""CHANGELOG.md keeps to its format, and the format is held where it is broken."""

import pytest

from release import ROOT, changelog, readiness

GOOD = """# Changelog

Words.

## [Unreleased]

## [1.1.0] - 2026-03-01

### Added

- One thing.

### Fixed

- Another,
  on two lines.

## [1.0.0] - 2026-02-01

### Added

- All of it.
"""


def test_the_changelog_keeps_to_its_format() -> None:
    assert [] == changelog.mistakes((ROOT / "CHANGELOG.md").read_text())


def test_the_changelog_begins_with_what_comes_next_or_with_this_version() -> None:
    newest, *_ = changelog.entries((ROOT / "CHANGELOG.md").read_text())
    assert newest.version in (changelog.UNRELEASED, readiness.version(ROOT))


def test_a_good_changelog_has_no_mistakes() -> None:
    assert [] == changelog.mistakes(GOOD)


def test_entries_are_read_with_version_and_day() -> None:
    found = [(entry.version, entry.day) for entry in changelog.entries(GOOD)]
    assert [("Unreleased", ""), ("1.1.0", "2026-03-01"), ("1.0.0", "2026-02-01")] == found


@pytest.mark.parametrize(
    ("here", "instead", "mistake"),
    [
        ("## [1.1.0] - 2026-03-01", "## 1.1.0", "`## 1.1.0` is neither"),
        ("2026-03-01", "2026-02-30", "[1.1.0] has no day of the calendar."),
        (" - 2026-03-01", "", "[1.1.0] has no day of the calendar."),
        ("[1.1.0]", "[latest]", "latest is no version."),
        ("[1.1.0]", "[v1.1.0]", "v1.1.0 is no version."),
        ("### Fixed", "### Mended", "[1.1.0] has the kind Mended"),
        ("### Fixed\n\n- Another,\n  on two lines.\n", "### Fixed\n", "[1.1.0] says nothing under Fixed."),
        ("### Added\n\n- All of it.\n", "- All of it.\n", "[1.0.0] has changes of no kind"),
        ("### Added\n\n- All of it.\n", "", "[1.0.0] has no changes."),
        ("[1.1.0]", "[0.9.0]", "[0.9.0] stands above [1.0.0]"),
        ("2026-03-01", "2026-01-01", "[1.1.0] was released before [1.0.0]."),
        ("[1.0.0] - 2026-02-01", "[Unreleased]", "[Unreleased] stands above all that is released."),
    ],
)
def test_a_mistake_is_named(here: str, instead: str, mistake: str) -> None:
    assert here in GOOD
    assert changelog.mistakes(GOOD.replace(here, instead))[0].startswith(mistake)


def test_a_file_without_entries_is_a_mistake() -> None:
    assert ["There is no entry: `## [Unreleased]` is the first."] == changelog.mistakes("# Changelog\n")
