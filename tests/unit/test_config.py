"""The configuration: file and environment, and for each mistake the key, the value and what is allowed."""

import json
from pathlib import Path

import pytest

from server.config import Config, ConfigError, as_toml, load


@pytest.fixture
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """No file and no variable but those of the test."""
    monkeypatch.chdir(tmp_path)
    return monkeypatch


def configured(environment: pytest.MonkeyPatch, toml: str = "", **variables: str) -> Config:
    """The configuration of this file's content and these variables, named without their prefix."""
    Path("tonearm.toml").write_text(toml, "utf-8")
    settings = {f"TONEARM_{name}": value for name, value in variables.items()}
    for name, value in settings.items():
        environment.setenv(name, value)
    return load(settings)


def mistakes(environment: pytest.MonkeyPatch, toml: str = "", **variables: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        configured(environment, toml, **variables)
    return str(caught.value).splitlines()


def test_everything_has_a_default(in_empty_folder: pytest.MonkeyPatch) -> None:
    config = load({})
    assert ("127.0.0.1:8080", (), "anon-id", 120, (), "UTC", False) == (
        config.http.bind,
        config.http.trusted_proxies,
        config.privacy.mode,
        config.limits.events_per_minute,
        config.site.origins,
        config.timezone,
        config.demo,
    )


def test_the_environment_wins_over_the_file_key_by_key(in_empty_folder: pytest.MonkeyPatch) -> None:
    toml = 'timezone = "Asia/Tokyo"\n[limits]\nevents_per_minute = 7\nburst = 8\n'
    config = configured(in_empty_folder, toml, LIMITS__BURST="9", TIMEZONE="Europe/Berlin")
    assert (7, 9, "Europe/Berlin") == (config.limits.events_per_minute, config.limits.burst, config.timezone)


def test_lists_are_json_in_the_environment(in_empty_folder: pytest.MonkeyPatch) -> None:
    origins, proxies = ["https://Band.example", "http://localhost:3000"], ["10.0.0.0/8", "::1", "unix"]
    config = configured(in_empty_folder, SITE__ORIGINS=json.dumps(origins), HTTP__TRUSTED_PROXIES=json.dumps(proxies))
    assert ("https://band.example", "http://localhost:3000") == config.site.origins
    assert tuple(proxies) == config.http.trusted_proxies


def test_an_empty_variable_is_none(in_empty_folder: pytest.MonkeyPatch) -> None:
    assert 120 == configured(in_empty_folder, LIMITS__EVENTS_PER_MINUTE="", DATABASE_URL="").limits.events_per_minute


def test_another_file_can_be_named(in_empty_folder: pytest.MonkeyPatch) -> None:
    Path("other.toml").write_text("demo = true", "utf-8")
    assert load({"TONEARM_CONFIG": "other.toml"}).demo
    assert load({}, Path("other.toml")).demo


@pytest.mark.parametrize(
    ("variable", "value", "allowed"),
    [
        ("HTTP__BIND", "8080", "allowed is HOST:PORT, [IPV6]:PORT or unix:/PATH"),
        ("HTTP__BIND", "localhost:99999", "allowed is HOST:PORT"),
        ("HTTP__BIND", "unix:relative", "unix:/PATH"),
        ("HTTP__TRUSTED_PROXIES", '["10.0.0.0/33"]', "a network such as 10.0.0.0/8"),
        ("HTTP__TRUSTED_PROXIES", "10.0.0.0/8", "allowed is JSON, for a list"),
        ("TIMEZONE", "Berlin", "Europe/Berlin"),
        ("PRIVACY__MODE", "on", "'anon-id', 'daily-salt', 'both' or 'off'"),
        ("LIMITS__EVENTS_PER_MINUTE", "-1", "greater than or equal to 0"),
        ("LIMITS__EVENTS_PER_MINUTE", "many", "a valid integer"),
        ("LIMITS__BURST", "0", "greater than or equal to 1"),
        ("SITE__ORIGINS", '["band.example"]', "scheme://host"),
        ("SITE__ORIGINS", '["https://band.example/"]', "scheme://host"),
        ("SITE__ORIGINS", '["https://*.example"]', "scheme://host"),
        ("SITE__ORIGINS", "https://band.example", "allowed is JSON, for a list"),
        ("DEMO", "perhaps", "a valid boolean"),
        ("SPOOL__MAX_MIB", "0", "greater than or equal to 1"),
        ("LOG__LEVEL", "loud", "'debug', 'info', 'warning' or 'error'"),
    ],
)
def test_a_bad_value_in_the_environment_names_key_value_and_what_is_allowed(
    in_empty_folder: pytest.MonkeyPatch, variable: str, value: str, allowed: str
) -> None:
    [sentence] = mistakes(in_empty_folder, **{variable: value})
    assert sentence.startswith(f"TONEARM_{variable}")
    assert value.strip('[]"') in sentence
    assert allowed in sentence


def test_a_list_that_is_no_json_is_blamed_and_no_secret_beside_it_is_told(in_empty_folder: pytest.MonkeyPatch) -> None:
    variables = {"ALERTS__THRESHOLDS": "100,1000", "ALERTS__SMTP_PASSWORD": "hunter2", "ALERTS__MILESTONES": '["site"]'}
    [sentence] = mistakes(in_empty_folder, **variables)
    assert sentence.startswith("TONEARM_ALERTS__THRESHOLDS = '100,1000': allowed is JSON, for a list")
    assert "hunter2" not in sentence


@pytest.mark.parametrize(
    ("toml", "start", "allowed"),
    [
        ('timezone = "Berlin"', "timezone = 'Berlin'", "Europe/Berlin"),
        ('[http]\nbind = "nowhere"', "http.bind = 'nowhere'", "HOST:PORT"),
        ("[limits]\nburst = 1.5", "limits.burst = 1.5", "integer"),
        ('[site]\norigins = "https://band.example"', "site.origins = 'https://band.example'", "tuple"),
    ],
)
def test_a_bad_value_in_the_file_names_key_value_and_what_is_allowed(
    in_empty_folder: pytest.MonkeyPatch, toml: str, start: str, allowed: str
) -> None:
    [sentence] = mistakes(in_empty_folder, toml)
    assert sentence.startswith(start)
    assert allowed in sentence


def test_every_mistake_is_told_at_once(in_empty_folder: pytest.MonkeyPatch) -> None:
    assert 3 == len(mistakes(in_empty_folder, 'timezone = "x"\n[limits]\nburst = 0', HTTP__BIND="x"))


def test_an_unknown_variable_is_named_with_those_that_exist(in_empty_folder: pytest.MonkeyPatch) -> None:
    [sentence] = mistakes(in_empty_folder, HTTP__BNID="127.0.0.1:1")
    assert sentence.startswith("TONEARM_HTTP__BNID in the environment is no setting of Tonearm. Known are: ")
    assert "TONEARM_HTTP__BIND" in sentence


@pytest.mark.parametrize(
    ("toml", "key", "known"),
    [("colour = 1", "colour", "timezone"), ("[http]\nbnid = 1", "http.bnid", "bind"), ("[colours]", "colours", "http")],
)
def test_an_unknown_key_in_the_file_is_named_with_those_that_exist(
    in_empty_folder: pytest.MonkeyPatch, toml: str, key: str, known: str
) -> None:
    [sentence] = mistakes(in_empty_folder, toml)
    assert sentence.startswith(f"{key} in the configuration file is no setting of Tonearm. Known are: ")
    assert known in sentence.partition("Known are")[2]


def test_a_file_that_is_not_toml_or_not_there_is_named(in_empty_folder: pytest.MonkeyPatch) -> None:
    [sentence] = mistakes(in_empty_folder, "demo = yes")
    assert sentence.startswith("The configuration file tonearm.toml cannot be read: ")
    with pytest.raises(ConfigError, match=r"The configuration file missing\.toml does not exist\."):
        load({}, Path("missing.toml"))


def test_secrets_are_shown_nowhere(in_empty_folder: pytest.MonkeyPatch) -> None:
    url = "postgresql://me:looked-for@host/db"
    config = configured(in_empty_folder, SECRET="looked-for-secret", DATABASE_URL=url)
    shown = "\n".join(as_toml(config)) + repr(config) + str(config.model_dump(mode="json")) + config.model_dump_json()
    assert "looked-for" not in shown
    assert 'secret = "**********"' in "\n".join(as_toml(config))


SECRET_KEYS = {
    "CATALOG__URL": "https://looked-for@band.example/feed",
    "ALERTS__WEBHOOK_URL": "https://band.example/looked-for",
    "ALERTS__WEBHOOK_SECRET": "whsec_lookedforlookedforlookedforlooke",
    "ALERTS__SMTP_PASSWORD": "looked-for",
}


def test_secrets_of_what_goes_out_are_shown_nowhere(in_empty_folder: pytest.MonkeyPatch) -> None:
    config = configured(in_empty_folder, **SECRET_KEYS)
    shown = "\n".join(as_toml(config)) + repr(config) + config.model_dump_json()
    assert not [word for word in ("looked-for", "lookedfor") if word in shown]


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"CATALOG__SQL": "SELECT 1"}, "[catalog]: sql and database_url go together"),
        ({"CATALOG__EVERY_MIN": "5"}, "[catalog]: every_min needs something to pull from"),
        (
            {"CATALOG__URL": "https://a", "CATALOG__SQL": "S", "CATALOG__DATABASE_URL": "postgresql://a"},
            "[catalog]: url and sql are two sources; set one.",
        ),
        ({"ALERTS__MILESTONES": '["site"]'}, "[alerts]: milestones and a digest by webhook need webhook_url and"),
        ({"ALERTS__DIGEST": '["webhook"]'}, "[alerts]: milestones and a digest by webhook need webhook_url and"),
        ({"ALERTS__DIGEST": '["mail"]'}, "[alerts]: a digest by mail needs smtp_host, mail_from and mail_to."),
        ({"ALERTS__WEBHOOK_URL": "http://band.example/looked-for"}, "[alerts]: webhook_url is http to another machine"),
        (
            {
                "ALERTS__SMTP_PASSWORD": "looked-for",
                "ALERTS__SMTP_SECURITY": "none",
                "ALERTS__SMTP_HOST": "mail.example",
            },
            "[alerts]: smtp_password would go in the clear",
        ),
    ],
)
def test_settings_that_do_not_go_together_are_told_without_their_secrets(
    in_empty_folder: pytest.MonkeyPatch, variables: dict[str, str], sentence: str
) -> None:
    [told] = mistakes(in_empty_folder, **variables)
    assert told.startswith(sentence)
    assert "looked-for" not in told


@pytest.mark.parametrize("host", ["localhost:9", "127.0.0.1", "127.3.2.1:80", "[::1]:9"])
def test_a_webhook_to_this_machine_may_be_http(in_empty_folder: pytest.MonkeyPatch, host: str) -> None:
    configured(in_empty_folder, ALERTS__WEBHOOK_URL=f"http://{host}/x")


def test_http_to_another_machine_may_be_allowed(in_empty_folder: pytest.MonkeyPatch) -> None:
    url = "http://band.example/x"
    config = configured(in_empty_folder, ALERTS__WEBHOOK_URL=url, ALERTS__WEBHOOK_PLAIN_HTTP="true")
    assert url == config.alerts.webhook_url.get_secret_value()


@pytest.mark.parametrize("secret", ["looked-for", "whsec_looked-for", "whsec_bG9va2VkLWZvcg=="])
def test_a_weak_webhook_secret_is_refused_and_not_repeated(in_empty_folder: pytest.MonkeyPatch, secret: str) -> None:
    [told] = mistakes(in_empty_folder, ALERTS__WEBHOOK_SECRET=secret)
    assert "TONEARM_ALERTS__WEBHOOK_SECRET in the environment = (hidden): allowed is whsec_ and 24 to 64" in told
    assert secret not in told


@pytest.mark.parametrize("variable", ["DATABASE_URL", "CATALOG__DATABASE_URL"])
def test_a_bad_secret_value_is_not_repeated(in_empty_folder: pytest.MonkeyPatch, variable: str) -> None:
    [sentence] = mistakes(in_empty_folder, **{variable: "mysql://me:looked-for@host"})
    assert f"TONEARM_{variable} in the environment = (hidden): allowed is postgresql://" in sentence
    assert "looked-for" not in sentence


def test_what_is_shown_can_be_read_again(in_empty_folder: pytest.MonkeyPatch) -> None:
    toml = 'timezone = "Asia/Tokyo"\ndemo = true\n[http]\ntrusted_proxies = ["unix", "10.0.0.0/8"]\n'
    toml += '[alerts]\ndigest = ["file"]\ndigest_folder = "a \\"folder\\"\\n\\\\"\n'
    config = configured(in_empty_folder, toml)
    shown = "\n".join(line for line in as_toml(config))
    assert config == configured(in_empty_folder, shown)


def test_it_cannot_be_changed(in_empty_folder: pytest.MonkeyPatch) -> None:
    config = load({})
    with pytest.raises(Exception, match="frozen"):
        config.demo = True
    with pytest.raises(Exception, match="frozen"):
        config.http.bind = "x"
