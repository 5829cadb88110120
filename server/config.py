"""The configuration: one frozen object from `tonearm.toml` and the environment, made once at the edge.

The environment wins over the file. Names in the environment have the prefix `TONEARM_`, and a double underscore
between a section and its key (`TONEARM_HTTP__BIND`); lists are written as JSON. A name nobody knows is an error,
in the file and in the environment: a misspelt key must not be a silent default.
"""

import json
import re
import tomllib
from base64 import b64decode
from collections.abc import Iterator, Mapping
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self, get_origin
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from privacy.address import TrustedProxies
from privacy.modes import Mode

PREFIX: Final = "TONEARM_"
FILE_VARIABLE: Final = "TONEARM_CONFIG"  # which file to read; everything else in the environment is a setting
DEFAULT_FILE: Final = Path("tonearm.toml")
_HIGHEST_PORT: Final = 65535
_LONGEST_INTERVAL_S: Final = 86_400


class ConfigError(Exception):
    """One sentence per mistake: the key, the value, and what is allowed."""


def _is_bind(value: str) -> str:
    if value.startswith("unix:/"):
        return value
    match = re.fullmatch(r"(?:\[[0-9a-fA-F:.]+\]|[^\s:/\[\]]+):(\d{1,5})", value)
    if match and int(match.group(1)) <= _HIGHEST_PORT:
        return value
    raise ValueError("allowed is HOST:PORT, [IPV6]:PORT or unix:/PATH")


def _is_timezone(value: str) -> str:
    if value in available_timezones():
        return value
    raise ValueError("allowed is a name of the time zone database such as UTC or Europe/Berlin")


def _is_origin(value: str) -> str:
    if re.fullmatch(r"https?://[^\s/?#@*]+", value):
        return value.lower()
    raise ValueError("allowed is scheme://host or scheme://host:port, with nothing behind it")


def _is_interval(value: float) -> float:
    if value == 0 or 1 <= value <= _LONGEST_INTERVAL_S:
        return value
    raise ValueError(f"allowed is 1 to {_LONGEST_INTERVAL_S} seconds, or 0 for none at all")


def _is_site(value: str) -> str:
    if not value or re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", value):
        return value
    raise ValueError("allowed is the address of the site as browsers see it, such as https://band.example, or nothing")


def _is_proxy(value: str) -> str:
    TrustedProxies.parse([value])
    return value


def _is_header(value: str) -> str:
    if not value or re.fullmatch(r"[A-Za-z0-9-]+", value):
        return value.lower()
    raise ValueError("allowed is the name of a header such as X-Forwarded-User, or nothing")


def _is_feed_url(value: SecretStr) -> SecretStr:
    if not value.get_secret_value() or re.match(r"https?://[^\s/?#]+", value.get_secret_value()):
        return value
    raise ValueError("allowed is https://..., http://..., or nothing")


def _is_webhook_secret(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if not text:
        return value
    with suppress(ValueError):
        if text.startswith("whsec_") and 24 <= len(b64decode(text.removeprefix("whsec_"), validate=True)) <= 64:
            return value
    raise ValueError("allowed is whsec_ and 24 to 64 random bytes in Base64: echo whsec_$(openssl rand -base64 32)")


def _is_mail_address(value: str) -> str:
    if not value or re.fullmatch(r"[^\s@<>,;\"]+@[^\s@<>,;\"]+", value):
        return value
    raise ValueError("allowed is one address such as band@example.org")


def _is_private(url: str) -> bool:
    """Nobody in between reads it."""
    return not url.lower().startswith("http:") or _is_loopback(urlsplit(url).hostname or "")


def _is_loopback(host: str) -> bool:
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost"


def _is_database_url(value: SecretStr) -> SecretStr:
    if not value.get_secret_value() or re.match(r"postgres(ql)?://", value.get_secret_value()):
        return value
    raise ValueError("allowed is postgresql://..., or nothing for the embedded PostgreSQL")


Bind = Annotated[str, AfterValidator(_is_bind)]


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Http(Section):
    """`[http]`: the door for pages, the API, and events as well."""

    bind: Bind = "127.0.0.1:8080"
    trusted_proxies: tuple[Annotated[str, AfterValidator(_is_proxy)], ...] = ()
    # How long such a proxy keeps a connection it does not use; a stop waits for it to close them (server/farewell.py).
    proxy_idle_s: float = Field(default=10, ge=0)


class Beacon(Section):
    """`[beacon]`: the fast door for events alone, which the public proxy points at. Strangers knock here."""

    bind: Bind = "127.0.0.1:8081"
    header_bytes: int = Field(default=8192, ge=512)  # a browser's head has about 1 KiB; nginx takes 8 KiB a line
    header_s: float = Field(default=10, gt=0)  # a beacon is one packet; ten seconds forgive a bad mobile network
    body_s: float = Field(default=10, gt=0)
    idle_s: float = Field(default=75, gt=0)  # longer than the 60 s a proxy keeps a connection, so that it closes first
    write_s: float = Field(default=10, gt=0)  # for a client that does not read its answers
    connections: int = Field(default=4096, ge=1)  # a connection costs about 10 KiB; the oldest idle one makes room
    answer_bytes: int = Field(default=16_384, ge=1024)  # answers gathered for one client before it must take some


class Privacy(Section):
    """`[privacy]`: see privacy/modes.py for what each mode keeps."""

    mode: Mode = Mode.ANON_ID


class Limits(Section):
    """`[limits]`: what one client may ask for."""

    events_per_minute: int = Field(default=120, ge=0)  # 0: no limit
    burst: int = Field(default=120, ge=1)  # at once, before the rate applies: a venue or a dorm shares one address
    refuse_crawlers: bool = True  # by the list of the package crawler-user-agents
    new_keys_per_day: int = Field(default=1000, ge=0)  # outside the catalog; strangers must not make them without end
    api_per_minute: int = Field(default=600, ge=0)  # of one token or session to the operator's API. 0: no limit
    api_burst: int = Field(default=120, ge=1)  # at once: a dashboard of one's own asks a dozen questions for a page
    catalog_mib: int = Field(default=16, ge=1, le=64)  # of one document; about 150,000 tracks


class Site(Section):
    """`[site]`: the one site this installation serves."""

    origins: tuple[Annotated[str, AfterValidator(_is_origin)], ...] = ()  # empty: events from any page are taken


class Stats(Section):
    """`[stats]`: what the public figures show."""

    min_listeners: int = Field(default=0, ge=0)  # smaller counts of listeners are not shown: a lone fan is not exposed


class Access(Section):
    """`[access]`: ways into the operator's pages."""

    session_days: int = Field(default=14, ge=1, le=365)  # until the password is asked for again
    logins_per_minute: int = Field(default=5, ge=1)  # per client, right or wrong; each costs a quarter of a second

    # Of a proxy that signs people in; it must remove the header from what clients send. Empty: none.
    trusted_header: Annotated[str, AfterValidator(_is_header)] = ""


class Catalog(Section):
    """`[catalog]`: where the catalog is pulled from, a feed or a query over the site's own tables. Off by default."""

    url: Annotated[SecretStr, AfterValidator(_is_feed_url)] = SecretStr("")  # of CSV or JSON; it may hold a password
    sql: str = ""  # run read-only on `database_url`, the site's own PostgreSQL
    database_url: Annotated[SecretStr, AfterValidator(_is_database_url)] = SecretStr("")
    every_min: float = Field(default=0, ge=0)  # 0: only when `tonearm catalog pull` is called

    @model_validator(mode="after")
    def _one_source(self) -> "Catalog":
        if self.url.get_secret_value() and self.sql:
            raise ValueError("url and sql are two sources; set one")
        if bool(self.sql) != bool(self.database_url.get_secret_value()):
            raise ValueError("sql and database_url go together: the query, and the site's own PostgreSQL")
        if self.every_min and not (self.sql or self.url.get_secret_value()):
            raise ValueError("every_min needs something to pull from; set url, or sql and database_url")
        return self


Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class Alerts(Section):
    """`[alerts]`: what people are told unasked. Everything is off by default; see docs/alerts.md."""

    milestones: tuple[Literal["site", "release", "track"], ...] = ()  # told by webhook; empty: none
    thresholds: tuple[Annotated[int, Field(ge=1)], ...] = tuple(10**power for power in range(2, 10))  # plays
    digest: tuple[Literal["file", "mail", "webhook"], ...] = ()  # how the weekly digest is told; empty: not at all
    digest_day: Weekday = "monday"
    digest_hour: int = Field(default=8, ge=0, le=23)  # of the site's clock
    digest_folder: str = ""  # empty: `digests` in the data directory
    every_s: float = Field(default=20, gt=0)  # how late a milestone is told at most
    webhook_url: Annotated[SecretStr, AfterValidator(_is_feed_url)] = SecretStr("")
    webhook_secret: Annotated[SecretStr, AfterValidator(_is_webhook_secret)] = SecretStr("")
    webhook_plain_http: bool = False  # http to another machine: whoever listens in between reads it
    smtp_host: str = ""
    smtp_port: int = Field(default=587, ge=1, le=_HIGHEST_PORT)
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    mail_from: Annotated[str, AfterValidator(_is_mail_address)] = ""
    mail_to: tuple[Annotated[str, AfterValidator(_is_mail_address)], ...] = ()

    @model_validator(mode="after")
    def _complete(self) -> "Alerts":
        if (self.milestones or "webhook" in self.digest) and not (
            self.webhook_url.get_secret_value() and self.webhook_secret.get_secret_value()
        ):
            raise ValueError("milestones and a digest by webhook need webhook_url and webhook_secret")
        if not (self.webhook_plain_http or _is_private(self.webhook_url.get_secret_value())):
            raise ValueError("webhook_url is http to another machine; use https, or set webhook_plain_http = true")
        if "mail" in self.digest and not (self.smtp_host and self.mail_from and self.mail_to):
            raise ValueError("a digest by mail needs smtp_host, mail_from and mail_to")
        if self.smtp_password.get_secret_value() and self.smtp_security == "none" and not _is_loopback(self.smtp_host):
            raise ValueError("smtp_password would go in the clear; set smtp_security to starttls or tls")
        return self


class Spool(Section):
    """`[spool]`: what waits for the database."""

    max_mib: int = Field(default=1024, ge=1)  # about ten million events; a database away for longer means refusals


class Housekeeping(Section):
    """`[housekeeping]`: what the service does now and then by itself."""

    check_every_h: float = Field(default=24, ge=0)  # `tonearm check` as a metric; it reads the whole log. 0: never


class Canary(Section):
    """`[canary]`: an event of the service's own, to see that events arrive; see docs/monitor.md."""

    every_s: Annotated[float, AfterValidator(_is_interval)] = 300.0  # 0: none is sent
    url: Annotated[str, AfterValidator(_is_site)] = ""  # of the site as browsers see it; empty: the own listener


class Retention(Section):
    """`[retention]`: how many months are kept besides the running one; all-time figures stay in any case."""

    log_months: int = Field(default=0, ge=0)  # one row per play and share. 0: for ever
    daily_months: int = Field(default=0, ge=0)  # what the charts show; 0: for ever

    @model_validator(mode="after")
    def _daily_at_least(self) -> Self:
        if self.daily_months and not 0 < self.log_months <= self.daily_months:
            raise ValueError("allowed is daily_months = 0, or at least log_months, which must then be set as well")
        return self


class Log(Section):
    """`[log]`: where the service says what it does; never anything about a listener."""

    format: Literal["console", "json"] = "console"
    level: Literal["debug", "info", "warning", "error"] = "info"


class Config(BaseSettings):
    """All of it. Made by `load`; not changed afterwards."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", frozen=True, extra="forbid", env_ignore_empty=True
    )

    data_dir: Path = Path("tonearm-data")
    database_url: Annotated[SecretStr, AfterValidator(_is_database_url)] = SecretStr("")  # empty: embedded
    timezone: Annotated[str, AfterValidator(_is_timezone)] = "UTC"  # of the site's days and salts
    secret: SecretStr = SecretStr("")  # empty: a file in the data directory, made at first start
    demo: bool = False
    http: Http = Http()
    beacon: Beacon = Beacon()
    privacy: Privacy = Privacy()
    limits: Limits = Limits()
    site: Site = Site()
    stats: Stats = Stats()
    access: Access = Access()
    catalog: Catalog = Catalog()
    alerts: Alerts = Alerts()
    spool: Spool = Spool()
    housekeeping: Housekeeping = Housekeeping()
    canary: Canary = Canary()
    retention: Retention = Retention()
    log: Log = Log()

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment over what `load` passes in, which is the file; nothing else is read."""
        return env_settings, init_settings


def load(environ: Mapping[str, str], file: Path | None = None) -> Config:
    """The effective configuration. `environ` must be the process's. Raises ConfigError."""
    mistakes = [_unknown_variable(name) for name in environ if name.startswith(PREFIX) and name not in _variables()]
    if mistakes:
        raise ConfigError("\n".join(mistakes))
    named = file or (Path(environ[FILE_VARIABLE]) if environ.get(FILE_VARIABLE) else None)
    values = _read(named or DEFAULT_FILE, must_exist=named is not None)
    try:
        return Config(**values)
    except ValidationError as error:
        raise ConfigError("\n".join(_sentence(entry, environ) for entry in error.errors())) from None
    except SettingsError as error:
        raise ConfigError(f"{_complex_variable(str(error), environ)}") from None


def as_toml(config: Config) -> Iterator[str]:
    """The effective configuration, line by line, with secrets hidden."""
    values = config.model_dump(mode="json")
    for name, value in values.items():
        if not isinstance(value, dict):
            yield f"{name} = {_toml(value)}"
    for name, section in values.items():
        if isinstance(section, dict):
            yield ""
            yield f"[{name}]"
            yield from (f"{key} = {_toml(value)}" for key, value in section.items())


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ", ".join(_toml(entry) for entry in value) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)  # a string of JSON is one of TOML
    return str(value)


def _read(path: Path, *, must_exist: bool) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        if must_exist:
            raise ConfigError(f"The configuration file {path} does not exist.") from None
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"The configuration file {path} cannot be read: {error}.") from None


def _variables() -> dict[str, str]:
    """Every name the environment may hold -> the key it sets."""
    names = {FILE_VARIABLE: ""}
    for name, field in Config.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, Section):
            names.update({f"{PREFIX}{name}__{key}".upper(): f"{name}.{key}" for key in section.model_fields})
        else:
            names[f"{PREFIX}{name}".upper()] = name
    return names


def _unknown_variable(name: str) -> str:
    known = ", ".join(sorted(_variables()))
    return f"{name} in the environment is no setting of Tonearm. Known are: {known}."


def _complex_variable(message: str, environ: Mapping[str, str]) -> str:
    field = re.search(r'"([a-z_]+)"', message)
    stem = f"{PREFIX}{field.group(1)}".upper() if field else PREFIX
    for name, key in sorted(_variables().items()):
        if name.startswith(stem) and name in environ and _is_list(key) and not _is_json(environ[name]):
            return f'{name} = {environ[name]!r}: allowed is JSON, for a list such as \'["a", "b"]\'.'
    return message


def _is_list(key: str) -> bool:
    return get_origin(_annotation(key)) is tuple


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _sentence(entry: Any, environ: Mapping[str, str]) -> str:
    key = ".".join(str(part) for part in entry["loc"] if not isinstance(part, int))
    variable = next((name for name, sets in _variables().items() if sets == key), "")
    shown = f"{variable} in the environment" if variable in environ else key
    if entry["type"] == "extra_forbidden":
        return f"{key} in the configuration file is no setting of Tonearm. Known are: {_known_beside(entry['loc'])}."
    if key in Config.model_fields and isinstance(entry["input"], Mapping):
        return f"[{key}]: {_allowed(entry)}."  # of several keys together; the input would show them all
    value = "(hidden)" if hidden(key) else repr(entry["input"])
    return f"{shown} = {value}: {_allowed(entry)}."


def hidden(key: str) -> bool:
    """Whether what this key holds is nobody's business."""
    return _annotation(key) is SecretStr


def _annotation(key: str) -> Any:
    model: Any = Config
    for part in key.split("."):
        field = getattr(model, "model_fields", {}).get(part)
        model = field.annotation if field else None
    return model


def _allowed(entry: Any) -> str:
    message = str(entry["msg"]).removeprefix("Value error, ")
    return message.replace("Input should be", "allowed is", 1)


def _known_beside(loc: tuple[Any, ...]) -> str:
    model: Any = Config
    for part in loc[:-1]:
        model = model.model_fields[part].annotation
    return ", ".join(sorted(model.model_fields))
