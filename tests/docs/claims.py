"""Who runs which block of the documentation: every fenced block of every page is claimed here, exactly once.

A claim names a page, which of its blocks, and the test. The blocks are named by their language, by language and how
they begin (`sh export`), or by a block's second word as well (`js plyr`). The test's module must hold the block's text,
or each of its lines, so that a claim cannot stand for a test that never reads it. What is run in another way than as it
stands says why in `instead`; what is no example is a drawing or something printed, and has no language.
"""

from dataclasses import dataclass
from typing import Final

from tests.support.blocks import DOCS, ROOT, Block


@dataclass(frozen=True)
class Claim:
    page: str
    which: str
    test: str  # "FILE::TEST", from the repository's top folder
    instead: str = ""  # why, where the test does not run the block as it stands

    def takes(self, block: Block) -> bool:
        """Whether the block is one of those claimed."""
        kind, _, beginning = self.which.partition(" ")
        return block.kind == kind and (not beginning or block.text.startswith(beginning) or block.name == beginning)


def pages() -> dict[str, str]:
    """Every page of the documentation, and its text."""
    found = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", *sorted(DOCS.rglob("*.md"))]
    return {str(page.relative_to(ROOT)): page.read_text("utf-8") for page in found}


_DOCS: Final = "tests/docs"
_INTEGRATION: Final = "tests/integration"
_BROWSER: Final = "tests/browser"
_UNIT: Final = "tests/unit"
_RECIPES: Final = "tests/recipes/test_players.py::test_heard_to_the_end_is_one_complete_play"
_SNIPPETS: Final = f"{_UNIT}/test_install_page.py::test_a_block_is_what_the_command_above_it_prints"
_TRACKER: Final = f"{_BROWSER}/test_tracker_docs.py::test_an_example_counts_what_it_declares_and_shows_its_figures"
_CARD: Final = f"{_BROWSER}/test_card_docs.py"
_NPM: Final = f"{_BROWSER}/test_npm_package.py"
_DATA: Final = f"{_INTEGRATION}/test_data_docs.py::test_every_command_does_what_the_page_says"
_API: Final = f"{_INTEGRATION}/test_api_docs.py::test_every_command_runs_and_answers_what_the_page_shows"
_ALERTS: Final = f"{_INTEGRATION}/test_alert_docs.py"
_MONITOR: Final = f"{_INTEGRATION}/test_monitor_docs.py"
_MACHINES: Final = f"{_UNIT}/test_machines_page.py"
_JOURNEY: Final = "tests/journey/test_self_host.py::test_every_block_was_typed_but_those_that_are_left_out"
_DOCTOR: Final = f"{_INTEGRATION}/test_doctor"
_LIFE: Final = f"{_INTEGRATION}/test_data_life_docs.py"
_REFUSED: Final = (
    f"{_INTEGRATION}/test_upgrade.py::test_a_version_that_does_not_know_the_schema_is_refused_with_a_sentence"
)
_DEPLOY: Final = f"{_UNIT}/test_deploy_page.py"
_PAGES: Final = f"{_DOCS}/test_pages.py::test_every_command_of_the_page_runs"
_QUICK: Final = f"{_DOCS}/test_quick_start.py"
_README: Final = f"{_DOCS}/test_readme.py::test_every_command_of_the_readme_runs"
_DRAWN: Final = f"{_DOCS}/test_words.py::test_a_file_that_is_named_is_there"
_NO_NET: Final = "the package comes from the build instead of from npm's registry, where a release puts it"
_NO_DOTNET: Final = "no .NET here: what it calls by name is held against the module, which a driver calls as it does"
_RELEASES: Final = "it publishes, or runs every test: COMMANDS of that test says what runs each line, and where"
_NO_CITUS: Final = (
    "no Citus here: its two functions are stood in for by ones that look whether table and column are there"
)
_STANDBY: Final = "tests/machines/postgres.py runs it in network namespaces, with their addresses, for the tests there"
_WHOLE_MACHINE: Final = (
    "it sets up a machine: `install` is run under another root; useradd, pip, systemctl, nginx and docker where "
    "ELSEWHERE of tests/unit/test_deploy_page.py says"
)

CLAIMS: Final = (
    Claim("README.md", "sh make run", _README),
    Claim("README.md", "sh .venv/bin/tonearm", _README),
    Claim(
        "README.md",
        "sh TONEARM_SITE",
        f"{_DOCS}/test_readme.py::test_the_service_takes_events_of_the_origins_it_was_started_with",
    ),
    Claim("README.md", "html", _TRACKER),
    Claim("ARCHITECTURE.md", "", _DRAWN),
    Claim("docs/access.md", "sh", _PAGES),
    Claim("docs/access.md", "toml", f"{_UNIT}/test_access_page.py::test_a_snippet_of_configuration_can_be_used"),
    Claim("docs/access.md", " The operator's password", f"{_QUICK}::test_the_first_start_says_what_the_pages_show"),
    Claim("docs/alerts.md", "toml", f"{_ALERTS}::test_a_configuration_is_one"),
    Claim("docs/alerts.md", "json", f"{_ALERTS}::test_the_milestone_is_one_as_it_is_sent"),
    Claim("docs/alerts.md", "sh", f"{_ALERTS}::test_every_command_works"),
    Claim(
        "docs/alerts.md",
        "python",
        f"{_INTEGRATION}/test_alert_ways.py::test_a_webhook_is_signed_over_its_id_its_time_and_its_body",
    ),
    Claim("docs/api.md", "sh", _API),
    Claim("docs/api.md", "json", _API),
    Claim("docs/card.md", "html", f"{_CARD}::test_every_card_of_an_example_shows_its_figure"),
    Claim("docs/card.md", "css tonearm-plays {", f"{_CARD}::test_the_css_of_the_page_reaches_the_card"),
    Claim("docs/card.md", "css tonearm-plays:not", f"{_CARD}::test_the_room_that_the_page_keeps_is_the_cards"),
    Claim("docs/catalog.md", "toml", f"{_ALERTS}::test_a_configuration_is_one"),
    Claim("docs/catalog.md", "csv", f"{_ALERTS}::test_every_command_works"),
    Claim("docs/catalog.md", "json", f"{_ALERTS}::test_every_command_works"),
    Claim("docs/catalog.md", "sh", f"{_ALERTS}::test_every_command_works"),
    Claim("docs/data.md", "sh", _DATA),
    Claim("docs/data.md", "csv", _DATA),
    Claim("docs/data-life.md", "toml", f"{_LIFE}::test_the_settings_are_settings"),
    Claim("docs/data-life.md", "sh", f"{_LIFE}::test_every_command_runs"),
    Claim("docs/data-life.md", " The database was", _REFUSED),
    Claim("docs/deploy.md", "sh", f"{_DEPLOY}::test_every_command_is_known", _WHOLE_MACHINE),
    Claim("docs/deploy.md", "nginx", f"{_DOCS}/test_configurations.py::test_nginx_takes_a_block"),
    Claim("docs/deploy.md", "  browser", _DRAWN),
    *(Claim("docs/faq.md", f"sh {command}", _PAGES) for command in ("curl", "tonearm doctor", "tonearm password")),
    Claim(
        "docs/faq.md",
        "sh tonearm export",
        f"{_DOCS}/test_pages.py::test_figures_outlive_a_lost_secret_in_the_way_the_page_says",
    ),
    Claim("docs/doctor.md", "sh tonearm doctor\n", _PAGES),
    Claim("docs/doctor.md", "sh tonearm doctor --json", _PAGES),
    Claim(
        "docs/doctor.md",
        "sh tonearm doctor --pid",
        f"{_DOCTOR}.py::test_it_takes_the_settings_of_a_running_service_by_its_process",
        "no systemd runs here to ask for the process; it is named by the test instead",
    ),
    Claim(
        "docs/doctor.md",
        "sh tonearm doctor --url",
        f"{_DOCTOR}_url.py::test_behind_the_files_of_deploy_all_is_well_and_nothing_is_counted",
        "a public address is nobody's here; the test has a real nginx with a certificate of its own",
    ),
    Claim("docs/doctor.md", "json", f"{_UNIT}/test_doctor_looking.py::test_the_example_of_the_page_is_json"),
    Claim("docs/faq.md", "toml", f"{_DOCS}/test_configurations.py::test_a_block_is_a_configuration"),
    Claim("docs/install.md", "sh tonearm snippet", _SNIPPETS),
    Claim("docs/install.md", "html <script", _SNIPPETS),
    Claim("docs/install.md", "html <meta", f"{_NPM}::test_a_bundle_counts_and_shows_the_card_by_itself"),
    Claim("docs/install.md", " script-src", _SNIPPETS),
    Claim("docs/install.md", "sh npm", f"{_NPM}::test_a_bundle_counts_and_shows_the_card_by_itself", _NO_NET),
    Claim("docs/install.md", "js", f"{_NPM}::test_a_bundle_counts_and_shows_the_card_by_itself"),
    Claim("docs/install.md", "ts", f"{_NPM}::test_the_examples_of_the_functions_run_as_they_stand"),
    Claim("docs/live.md", "sh", f"{_INTEGRATION}/test_live_docs.py::test_a_command_of_the_page_answers"),
    Claim("docs/machines.md", "  ", _DRAWN),
    Claim("docs/machines.md", "toml", f"{_MACHINES}::test_the_settings_are_settings_and_name_both_servers"),
    Claim("docs/machines.md", "sh sed", f"{_MACHINES}::test_nginx_takes_what_is_installed", _WHOLE_MACHINE),
    Claim("docs/machines.md", "sh pg_basebackup", f"{_MACHINES}::test_every_snippet_is_one_that_a_test_runs", _STANDBY),
    Claim("docs/machines.md", "sql", f"{_MACHINES}::test_every_snippet_is_one_that_a_test_runs", _STANDBY),
    Claim("docs/monitor.md", "toml", f"{_UNIT}/test_monitor_page.py::test_its_settings_are_settings"),
    Claim(
        "docs/monitor.md", "sh install", f"{_MONITOR}::test_what_is_installed_is_what_promtool_takes", _WHOLE_MACHINE
    ),
    Claim("docs/monitor.md", "sh curl", f"{_MONITOR}::test_the_probes_answer_as_the_page_says"),
    Claim("docs/monitor.md", "promql", f"{_MONITOR}::test_expressions_on_the_page_name_metrics_that_are_there"),
    Claim("docs/operate.md", "sh", _PAGES),
    Claim("docs/privacy.md", "sh", _PAGES),
    Claim("docs/quick-start.md", "sh python3 -m venv", f"{_QUICK}::test_the_service_installs_as_the_page_says"),
    *(
        Claim("docs/quick-start.md", which, f"{_QUICK}::test_the_page_leads_to_a_play_that_is_counted_and_shown")
        for which in ("sh mkdir", "sh cd", "sh python3 - <<", "sh python3 -m http", "sh curl", "html", "json")
    ),
    Claim("docs/quick-start.md", " The operator's", f"{_QUICK}::test_the_first_start_says_what_the_pages_show"),
    Claim("docs/recipes.md", "html", _RECIPES),
    Claim("docs/recipes.md", "js", _RECIPES),
    Claim("docs/recipes.md", "jsx", _RECIPES),
    Claim(
        "docs/recipes.md",
        "razor",
        "tests/recipes/test_blazor.py::test_an_element_changed_in_place_is_another_play",
        _NO_DOTNET,
    ),
    Claim(
        "docs/recipes.md",
        "csharp",
        f"{_UNIT}/test_recipes_page.py::test_what_dotnet_calls_on_the_tracker_is_what_the_module_makes",
        _NO_DOTNET,
    ),
    Claim(
        "docs/release.md", "sh", "tests/release/test_readiness.py::test_every_command_of_the_page_is_known", _RELEASES
    ),
    Claim("docs/scale.md", "sql", f"{_DOCS}/test_configurations.py::test_sql_for_shards_names_every_table", _NO_CITUS),
    Claim("docs/self-host.md", "sh", _JOURNEY),
    Claim("docs/tracker.md", "html", _TRACKER),
    Claim(
        "docs/tracker.md",
        "js",
        f"{_BROWSER}/test_tracker_docs.py::test_the_example_of_a_pages_own_script_counts_each_play_and_the_share",
    ),
    Claim(
        "docs/tracker.md",
        "css",
        f"{_BROWSER}/test_tracker_docs.py::test_a_copied_link_leads_to_the_page_that_the_button_names",
    ),
)
