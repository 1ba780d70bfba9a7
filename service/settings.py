"""What the process is told from outside, checked once at the start.

`load` reads the environment and `.env` for a command; `local` makes the settings of local mode.
Both report every problem at once and never repeat a value. The names are a contract: they are
listed and explained in `.env.example`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AliasGenerator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)

from service import setting_values as values
from service.setting_names import Given, collect
from service.setting_rules import problems_between
from service.token_keys import TokenKeysUnusable, keep_token_keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


Role = Literal[
    "serve",
    "worker",
    "manifest",
    "audit",
    "people",
    "match",
    "exclude",
    "include",
    "top",
    "rotate-keys",
]

_GRAPH_HOST = "graph.microsoft.com"
_GRAPH_PERMISSIONS = ("Presence.ReadWrite", "Presence.Read", "User.Read")


class SettingsError(Exception):
    """The settings can't be used. `problems` holds one sentence or more for each mistake."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


def _name(field: str) -> str:
    """A field's name in the environment; the Bot Framework has a way of its own to write them."""
    if field.startswith("microsoft_app_"):
        return field.title().replace("_", "")
    return field.upper()


class Settings(BaseModel):
    """Every setting, checked. Texts a command does not need may be empty; see `_NEEDS`."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        populate_by_name=True,
        alias_generator=AliasGenerator(validation_alias=_name),
    )

    microsoft_app_id: values.Guid = Field("", description="the application (client) id")
    microsoft_app_password: values.Secret = Field(
        SecretStr(""), description="the value of a client secret of the app registration"
    )
    microsoft_app_type: values.SingleTenant = "SingleTenant"
    microsoft_app_tenant_id: values.Guid = Field("", description="the directory (tenant) id")
    organisation_client_id: values.Guid = ""
    organisation_client_secret: values.Secret | None = None
    public_url: values.PublicUrl = Field(
        "", description="the https address at which Teams and browsers reach the bot"
    )
    redis_url: values.RedisAddress | None = Field(
        None, description="the Redis that all processes share"
    )
    redis_mode: values.RedisMode = "single"
    token_keys: values.FernetKeys = Field(
        SecretStr(""), description="one or more Fernet keys that encrypt people's authorisations"
    )
    zoom_webhook_secret: values.Secret = Field(
        SecretStr(""), description="the secret token of the Zoom app's webhook"
    )
    zoom_account_id: str | None = None
    zoom_client_id: str | None = None
    zoom_client_secret: values.Secret | None = None
    zoom_app_id: values.ZoomAppId | None = None
    admin_object_ids: values.GuidList = ""
    admin_zoom_role: values.OnOff = "off"
    account_default: values.OnOff = "on"
    welcome: values.Welcome = "install"
    help_contact: values.Contact | None = None
    zoom_signature_window: values.Seconds = 7200
    zoom_per_second: values.QuestionsPerSecond = 10.0
    readback_per_second: values.LooksPerSecond = 1.0
    microsoft_login_url: values.LoginUrl = "https://login.microsoftonline.com"
    graph_url: values.GraphUrl = "https://graph.microsoft.com"
    zoom_oauth_url: values.ZoomOauthUrl = "https://zoom.us"
    zoom_api_url: values.ZoomApiUrl = "https://api.zoom.us"
    bot_openid_metadata_url: values.Address = (
        "https://login.botframework.com/v1/.well-known/openidconfiguration"
    )
    bot_service_hosts: values.HostList = ""
    host: values.Host = "0.0.0.0"  # noqa: S104 - in a container, it is reached from outside
    port: values.Port = 3978
    worker_port: values.Port | None = None
    keep_alive_seconds: values.Seconds = 75
    metrics_port: values.Port | None = None
    metrics_token: values.Secret | None = None
    data_dir: Path = Path(".data")
    log_format: values.LogFormat = "auto"
    log_level: values.LogLevel = "info"

    local: bool = Field(False, validation_alias="local")
    """Local mode, in which callers are not authenticated. No name in the environment sets it."""

    @model_validator(mode="after")
    def _local_mode_stays_on_this_machine(self) -> Self:
        if self.local and not values.is_loopback(self.host):
            raise ValueError(_LOCAL_HOST)
        return self

    @property
    def graph_scopes(self) -> tuple[str, ...]:
        """What people are asked for. Never derived from an override of GRAPH_URL."""
        national = urlsplit(self.graph_url).hostname in values.NATIONAL_CLOUDS
        prefix = f"{self.graph_resource}/" if national else ""
        return tuple(f"{prefix}{permission}" for permission in _GRAPH_PERMISSIONS)

    @property
    def graph_resource(self) -> str:
        """What Graph's tokens are for, in this cloud. Never derived from an override of GRAPH_URL.

        Consent to its `.default` scope is to all that the registration declares.
        """
        host = urlsplit(self.graph_url).hostname
        return f"https://{host if host in values.NATIONAL_CLOUDS else _GRAPH_HOST}"

    @property
    def teams_chat(self) -> str:
        """The address that opens the bot's chat in Teams."""
        host = urlsplit(self.graph_url).hostname or ""
        teams = values.NATIONAL_CLOUDS.get(host, "teams.microsoft.com")
        return f"https://{teams}/l/chat/0/0?users=28:{self.microsoft_app_id}"

    @property
    def token_key_list(self) -> tuple[str, ...]:
        """Fernet keys; the first encrypts, all decrypt."""
        return _entries(self.token_keys.get_secret_value())

    @property
    def admin_ids(self) -> frozenset[str]:
        """Entra object ids (lower case) that may always change settings."""
        return frozenset(_entries(self.admin_object_ids))

    @property
    def service_hosts(self) -> frozenset[str]:
        """Extra `host` or `host:port` (lower case) to which the bot may send."""
        return frozenset(_entries(self.bot_service_hosts))

    @property
    def secret_texts(self) -> frozenset[str]:
        """Every secret as it may be written somewhere, but for texts too short to tell."""
        given = [value for _, value in self if isinstance(value, SecretStr)]
        texts = {part for value in given for part in _entries(value.get_secret_value())}
        if self.redis_url is not None:
            texts |= values.passwords_in(self.redis_url.get_secret_value())
        return frozenset(text for text in texts if len(text) >= 8)

    @property
    def redis_risk(self) -> str | None:
        """Why others may read along on the way to Redis, in a sentence; None: they can't."""
        return values.redis_risk(self.redis_url.get_secret_value()) if self.redis_url else None

    @property
    def zoom_api_configured(self) -> bool:
        """Whether Zoom can be asked, or only listened to."""
        return self.zoom_client_secret is not None


NAMES: dict[str, str] = {
    _name(field): info.description or "see .env.example"
    for field, info in Settings.model_fields.items()
    if field != "local"
}
"""Every name in the environment that is ours, and what it holds."""

_REGISTRATION = ("MicrosoftAppId", "MicrosoftAppPassword", "MicrosoftAppTenantId")
_SERVER = (*_REGISTRATION, "PUBLIC_URL", "TOKEN_KEYS", "ZOOM_WEBHOOK_SECRET")
_NEEDS: dict[Role, tuple[str, ...]] = {
    "serve": _SERVER,
    "worker": (*_REGISTRATION, "TOKEN_KEYS", "REDIS_URL"),
    "audit": (),
    "people": (),
    **dict.fromkeys(("match", "exclude", "include"), (*_REGISTRATION, "TOKEN_KEYS")),
    "top": (),
    "rotate-keys": ("TOKEN_KEYS",),
    "manifest": ("MicrosoftAppId", "PUBLIC_URL"),
}
_EVERYDAY = ("DATA_DIR", "LOG_FORMAT", "LOG_LEVEL")
_MANIFEST_READS = (*_NEEDS["manifest"], *_EVERYDAY)
_LOCAL_READS = (
    *_EVERYDAY,
    *("HOST", "PORT", "KEEP_ALIVE_SECONDS", "METRICS_PORT", "METRICS_TOKEN"),
    *("ACCOUNT_DEFAULT", "WELCOME", "HELP_CONTACT"),
)
LOCAL_METRICS_PORT = 3980
"""Where local mode shows its metrics, and `top` looks, when METRICS_PORT does not say."""
_LOCAL_HOST = "must be a loopback address: local mode does not check who calls. Leave it out"


def load(role: Role, environ: Mapping[str, str], env_file: Path | None = None) -> Settings:
    """The settings of a command, from the environment and (weaker) a `.env` file.

    `manifest` looks only at the names it needs, so that the package can be built before the
    secrets exist. Raises SettingsError.
    """
    given = collect(_MANIFEST_READS if role == "manifest" else tuple(NAMES), environ, env_file)
    problems = _problems_of_names(given, _NEEDS[role]) + problems_between(given.values)
    return _build(given, problems)


@dataclass(frozen=True, slots=True)
class Examined:
    """What of the settings can be used: `given` names what is set and well formed.

    `problems` are sentences about the rest, `where` is one about where they were looked for.
    """

    settings: Settings
    problems: list[str]
    given: frozenset[str]
    where: str


def examine(environ: Mapping[str, str], env_file: Path | None = None) -> Examined:
    """As much of the settings of `serve` as can be used, so that each part can be looked at."""
    given = collect(tuple(NAMES), environ, env_file)
    problems = _problems_of_names(given, _SERVER) + problems_between(given.values)
    while True:
        try:
            settings = Settings.model_validate(given.values)
        except ValidationError as error:
            for name, sentence in _said(error):
                problems.append(sentence)
                del given.values[name]
        else:
            where = (
                "Settings were read from the environment."
                if env_file is None
                else where_from(env_file)
            )
            return Examined(settings, problems, frozenset(given.values), where)


def where_from(env_file: Path) -> str:
    """Where settings were looked for, in a sentence."""
    path = env_file.absolute()
    if path.exists():
        return f"Settings were read from the environment and {path}."
    return f"Settings were read from the environment. There is no {path.name} in {path.parent}."


def problem_with(name: str, text: str) -> str | None:
    """What is wrong with one setting's text, in a sentence; None: it may be used."""
    given = Given(values={name: text})
    if problems := _problems_of_names(given, ()):
        return problems[0]
    try:
        Settings.model_validate(given.values)
    except ValidationError as error:
        return _said(error)[0][1]
    return None


def local(
    environ: Mapping[str, str],
    *,
    sandbox_url: str,
    app_id: str,
    tenant_id: str,
    admin_object_ids: Iterable[str] = (),
) -> Settings:
    """The settings of local mode: everything at the sandbox, this machine only.

    Of the environment only everyday names count (port, logging, data folder and the like), so that
    real credentials and addresses never reach local mode. Raises SettingsError.
    """
    given = collect(_LOCAL_READS, environ, None)
    given.values.setdefault("HOST", "127.0.0.1")
    given.values.setdefault("METRICS_PORT", str(LOCAL_METRICS_PORT))
    given.values.setdefault("HELP_CONTACT", "it-help@example.com")
    problems = _problems_of_names(given, ())
    host = given.values["HOST"]
    if not values.is_loopback(host):
        problems.append(f"HOST {_LOCAL_HOST}.")
    checked = _build(given, problems)
    shown = f"[{host}]" if ":" in host else host
    try:
        keys = keep_token_keys(checked.data_dir)
    except TokenKeysUnusable as error:
        raise SettingsError([str(error)]) from error
    given.values |= {
        "MicrosoftAppId": app_id,
        "MicrosoftAppPassword": "sandbox-app-password",
        "MicrosoftAppTenantId": tenant_id,
        "PUBLIC_URL": f"http://{shown}:{checked.port}",
        "TOKEN_KEYS": keys,
        "ZOOM_WEBHOOK_SECRET": "sandbox-webhook-secret",
        "ZOOM_ACCOUNT_ID": "sandbox-zoom-account",
        "ZOOM_CLIENT_ID": "sandbox-zoom-client",
        "ZOOM_CLIENT_SECRET": "sandbox-zoom-client-secret",
        "ZOOM_APP_ID": "sandbox-zoom-app",
        "MICROSOFT_LOGIN_URL": sandbox_url,
        "GRAPH_URL": sandbox_url,
        "ZOOM_OAUTH_URL": sandbox_url,
        "ZOOM_API_URL": sandbox_url,
        "BOT_OPENID_METADATA_URL": f"{sandbox_url}/v1/.well-known/openidconfiguration",
    }
    if admins := ",".join(admin_object_ids):
        given.values["ADMIN_OBJECT_IDS"] = admins
    return _build(given, [], local=True)


def is_placeholder(text: str) -> bool:
    """Whether a value is one of `.env.example` that must be changed."""
    return values.PLACEHOLDER in text.lower()


def _problems_of_names(given: Given, needs: tuple[str, ...]) -> list[str]:
    problems = list(given.problems)
    for written, meant in sorted(given.misspelled.items()):
        problems.append(f"{written} is not a setting. Did you mean {meant}?")
    problems += [
        f"{name} is missing: {NAMES[name]}."
        for name in needs
        if name not in given.values and name not in given.misspelled.values()
    ]
    for name, text in list(given.values.items()):
        if is_placeholder(text):
            problems.append(f"{name} still has the value from .env.example. Put your own there.")
            del given.values[name]
        elif len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
            problems.append(f"{name} is wrapped in quotation marks. Remove them.")
            del given.values[name]
    return problems


def _build(given: Given, problems: list[str], *, local: bool = False) -> Settings:
    try:
        settings = Settings.model_validate(given.values | {"local": local})
    except ValidationError as error:
        raise SettingsError([*problems, *(sentence for _, sentence in _said(error))]) from None
    if problems:
        raise SettingsError(problems)
    return settings


def _said(error: ValidationError) -> list[tuple[str, str]]:
    """Each name that is wrong ("" for what is between several), and a sentence about it."""
    return [
        (
            "".join(map(str, e["loc"][:1])),
            " ".join([*map(str, e["loc"][:1]), f"{e['ctx']['error']}."]),
        )
        for e in error.errors()
    ]


def _entries(text: str) -> tuple[str, ...]:
    return tuple(text.split(",")) if text else ()
