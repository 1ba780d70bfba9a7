"""Settings: what is accepted, what is refused, and what the refusal says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from pydantic import ValidationError

from service.settings import NAMES, Role, Settings, SettingsError, load

EXAMPLE = Path(__file__).parents[2] / ".env.example"
APP = "0a1b2c3d-0000-4000-8000-00000000000a"
TENANT = "0A1B2C3D-0000-4000-8000-00000000000B"
KEY = Fernet.generate_key().decode()
OTHER = Fernet.generate_key().decode()

GOOD = {
    "MicrosoftAppId": APP,
    "MicrosoftAppPassword": "s3cret~value",
    "MicrosoftAppTenantId": TENANT,
    "PUBLIC_URL": "https://bot.example.com/",
    "TOKEN_KEYS": KEY,
    "ZOOM_WEBHOOK_SECRET": "zs3cret~value",
}
KUBERNETES = {
    "REDIS_PORT": "tcp://10.0.0.1:6379",
    "REDIS_PORT_6379_TCP": "tcp://10.0.0.1:6379",
    "REDIS_PORT_6379_TCP_ADDR": "10.0.0.1",
    "REDIS_SERVICE_HOST": "10.0.0.1",
    "REDIS_SERVICE_PORT_REDIS": "6379",
    "ZOOM_SERVICE_HOST": "10.0.0.2",
    "ZOOM_WEBHOOK_SECRET_PORT": "tcp://10.0.0.2:80",
    "GRAPH_PORT_443_TCP_PROTO": "tcp",
}
ORDINARY = {
    "PATH": "/bin",
    "HOME": "/root",
    "HOSTNAME": "pod-1",
    "HOSTTYPE": "x86_64",
    "LOGNAME": "bot",
    "LOGLEVEL": "3",
    "PORT_X": "1",
    "PORTS": "1",
    "REDIS_TLS_URL": "rediss://x",
    "REDIS_HOST": "x",
    "REDIS_PASSWORD": "x",
    "ZOOM_REGION": "eu",
    "WELCOME_TEXT": "hi",
    "DATA_DIRS": "/x",
    "AZURE_TENANT_ID": TENANT,
    "TOKEN": "x",
}


def problems(role: Role, environ: dict[str, str], env_file: Path | None = None) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(role, environ, env_file)
    assert str(caught.value) == "\n".join(caught.value.problems)
    return caught.value.problems


def problem(name: str, text: str) -> str:
    found = problems("serve", GOOD | {name: text})
    assert len(found) == 1, found
    assert len(text) < 9 or text not in found[0]  # shorter texts are in any sentence
    return found[0]


def test_serve_starts_with_what_the_contract_names_and_documented_defaults() -> None:
    settings = load("serve", GOOD)
    assert settings.microsoft_app_id == APP
    assert settings.microsoft_app_tenant_id == TENANT.lower()
    assert settings.microsoft_app_type == "SingleTenant"
    assert settings.public_url == "https://bot.example.com"
    assert settings.redis_url is None
    assert settings.redis_mode == "single"
    assert settings.token_key_list == (KEY,)
    assert settings.admin_ids == frozenset()
    assert settings.account_default == "on"
    assert settings.welcome == "install"
    assert settings.zoom_signature_window == 7200
    assert settings.microsoft_login_url == "https://login.microsoftonline.com"
    assert settings.graph_url == "https://graph.microsoft.com"
    assert settings.zoom_oauth_url == "https://zoom.us"
    assert settings.zoom_api_url == "https://api.zoom.us"
    assert settings.bot_openid_metadata_url.startswith("https://login.botframework.com/")
    assert settings.service_hosts == frozenset()
    assert (settings.host, settings.port, settings.worker_port) == ("0.0.0.0", 3978, None)
    assert settings.data_dir == Path(".data")
    assert (settings.log_format, settings.log_level) == ("auto", "info")
    assert settings.zoom_api_configured is False
    assert settings.local is False


def test_secrets_are_not_in_the_text_of_the_settings() -> None:
    environ = GOOD | {
        "REDIS_URL": "redis://:hunter2@cache:6379/0",
        "METRICS_TOKEN": "hunter3-hunter4",
    }
    text = repr(load("serve", environ)) + str(load("serve", environ).model_dump())
    for secret in ("s3cret", KEY, "hunter"):
        assert secret not in text


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        load("serve", GOOD).port = 1


@pytest.mark.parametrize(
    ("role", "needed"),
    [
        ("serve", set(GOOD)),
        ("worker", set(GOOD) - {"PUBLIC_URL", "ZOOM_WEBHOOK_SECRET"} | {"REDIS_URL"}),
        ("manifest", {"MicrosoftAppId", "PUBLIC_URL"}),
    ],
)
def test_everything_missing_is_reported_at_once(role: Role, needed: set[str]) -> None:
    found = problems(role, {})
    assert {line.split(" is missing: ")[0] for line in found} == needed


def test_empty_and_blank_texts_count_as_unset() -> None:
    assert problems("serve", GOOD | {"PUBLIC_URL": " "}) == [
        "PUBLIC_URL is missing: the https address at which Teams and browsers reach the bot."
    ]
    assert load("serve", GOOD | {"REDIS_URL": ""}).redis_url is None


def test_spaces_and_line_ends_around_a_value_do_not_count() -> None:
    settings = load("serve", GOOD | {"MicrosoftAppPassword": "s3cret~value\n"})
    assert settings.microsoft_app_password.get_secret_value() == "s3cret~value"


def test_missing_malformed_misspelled_and_placeholder_values_come_in_one_report() -> None:
    environ = GOOD | {
        "MicrosoftAppId": "not-a-guid",
        "MicrosoftAppPassword": "replace-me-with-the-client-secret",
        "PUBLIC_URL": "http://bot.example.com",
        "ZOOM_CLIENT_ID": "abc",
        "PORT": "many",
        "ZOOM_WEBHOOK_SECRT": "zs3cret",
    }
    del environ["ZOOM_WEBHOOK_SECRET"], environ["TOKEN_KEYS"]
    report = problems("serve", environ)
    beginnings = (
        "ZOOM_WEBHOOK_SECRT is not a setting. Did you mean ZOOM_WEBHOOK_SECRET?",
        "TOKEN_KEYS is missing: ",
        "MicrosoftAppPassword still has the value from .env.example",
        "ZOOM_ACCOUNT_ID and ZOOM_CLIENT_SECRET missing: set all three",
        "MicrosoftAppId must be a GUID",
        "PUBLIC_URL must begin with https://",
        "PORT must be a port number",
    )
    assert len(report) == len(beginnings)
    assert all(any(line.startswith(start) for line in report) for start in beginnings)
    for text in ("not-a-guid", "abc", "many", "zs3cret", "bot.example.com"):
        assert text not in "\n".join(report)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("MICROSOFT_APP_ID", "MicrosoftAppId"),
        ("MicrosoftAppID", "MicrosoftAppId"),
        ("MICROSOFT_TENANT_ID", "MicrosoftAppTenantId"),
        ("MicrosoftAppPasword", "MicrosoftAppPassword"),
        ("ZOOM_WEBHOOK_SECRT", "ZOOM_WEBHOOK_SECRET"),
        ("TOKEN_KEY", "TOKEN_KEYS"),
        ("REDIS_URI", "REDIS_URL"),
        ("PUBLICURL", "PUBLIC_URL"),
        ("ADMIN_OBJECT_ID", "ADMIN_OBJECT_IDS"),
        ("GRAPH_URI", "GRAPH_URL"),
        ("BOT_SERVICE_HOST_", "BOT_SERVICE_HOSTS"),
        ("METRIC_TOKEN", "METRICS_TOKEN"),
    ],
)
def test_a_probable_misspelling_is_named(written: str, meant: str) -> None:
    environ = {name: text for name, text in GOOD.items() if name != meant}
    assert problems("serve", environ | {written: "hunter2"}) == [
        f"{written} is not a setting. Did you mean {meant}?"
    ]


def test_names_that_kubernetes_and_systems_set_are_no_errors() -> None:
    assert load("serve", GOOD | KUBERNETES | ORDINARY) == load("serve", GOOD)


def test_a_look_alike_is_somebody_elses_when_our_name_is_set() -> None:
    assert load("serve", GOOD | {"TOKEN_KEY": "x", "MICROSOFT_APP_ID": "y"}) == load("serve", GOOD)


def test_a_look_alike_of_a_placeholder_is_named() -> None:
    environ = GOOD | {"MicrosoftAppId": "replace-me", "MICROSOFT_APP_ID": APP}
    assert len(problems("serve", environ)) == 2


def test_common_words_are_checked_in_the_env_file_only(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("LOGLEVEL=debug\nPORT_X=1\nREDIS_PORT=1\nCOMPOSE_PROJECT_NAME=bot\n")
    assert problems("serve", GOOD, env_file) == [
        "LOGLEVEL is not a setting. Did you mean LOG_LEVEL?"
    ]


def test_the_environment_wins_over_the_file_even_when_empty(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_bytes(
        b"\xef\xbb\xbfPORT=4000 # comment\r\nREDIS_URL='redis://a'\r\n"
        b'export WELCOME="quiet"\r\nZOOM_WEBHOOK_SECRET=a$b${c}defghi\r\n'
    )
    environ = {name: text for name, text in GOOD.items() if name != "ZOOM_WEBHOOK_SECRET"}
    settings = load("serve", environ | {"PORT": "5000", "REDIS_URL": ""}, env_file)
    assert (settings.port, settings.redis_url, settings.welcome) == (5000, None, "quiet")
    assert settings.zoom_webhook_secret.get_secret_value() == "a$b${c}defghi"


def test_the_zoom_account_may_be_named_alone() -> None:
    """It says whose events count, with or without Zoom's API."""
    settings = load("serve", GOOD | {"ZOOM_ACCOUNT_ID": "the-account"})
    assert settings.zoom_account_id == "the-account"
    assert not settings.zoom_api_configured
    for names in (
        {"ZOOM_CLIENT_ID"},
        {"ZOOM_CLIENT_SECRET"},
        {"ZOOM_CLIENT_ID", "ZOOM_ACCOUNT_ID"},
    ):
        with pytest.raises(SettingsError, match="set all three"):
            load("serve", GOOD | dict.fromkeys(names, "x"))
    with pytest.raises(SettingsError, match="ZOOM_APP_ID only works with"):
        load("serve", GOOD | {"ZOOM_ACCOUNT_ID": "the-account", "ZOOM_APP_ID": "app"})


def test_a_missing_env_file_is_no_error_and_an_unreadable_one_is(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    assert load("serve", GOOD, env_file) == load("serve", GOOD)
    env_file.write_text('PORT=4000\nWELCOME="quiet\n')
    assert problems("serve", GOOD, env_file) == [
        ".env, line 2, can't be read. Write NAME=value, and close every quotation mark."
    ]
    env_file.write_bytes(b"\xff\xfeP\x00")
    assert problems("serve", GOOD, env_file) == [".env is not UTF-8 text. Save it again as UTF-8."]
    assert problems("serve", GOOD, tmp_path)[0].startswith(tmp_path.name)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("MicrosoftAppTenantId", "contoso.onmicrosoft.com", "must be a GUID"),
        ("MicrosoftAppId", f"{{{APP}}}", "without braces"),
        ("MicrosoftAppType", "MultiTenant", "must be SingleTenant"),
        ("PUBLIC_URL", "hunter2.example.com", "must be a web address"),
        ("PUBLIC_URL", "https://", "must be a web address"),
        ("PUBLIC_URL", "https://bot.example.com:99999", "must be a web address"),
        ("PUBLIC_URL", "https://me:pw@bot.example.com", "user name"),
        ("PUBLIC_URL", "https://bot.example.com/?a=1", "? or #"),
        ("PUBLIC_URL", "https://bot.example.com/#", "? or #"),
        ("PUBLIC_URL", "https://bot.example.com /x", "without spaces"),
        ("PUBLIC_URL", "https://good.example\\@evil.example", "backslashes"),
        ("PUBLIC_URL", "http://10.0.0.1", "must begin with https://"),
        ("PUBLIC_URL", "http://localhost.example.com", "must begin with https://"),
        ("PUBLIC_URL", "https://bot.example.com/api/messages", "the bot's address"),
        ("GRAPH_URL", "https://graph.microsoft.com/v1.0", "must not contain a version"),
        ("GRAPH_URL", "https://graph.microsoft.com/beta/", "must not contain a version"),
        ("ZOOM_API_URL", "https://api.zoom.us/v2", "must not contain a version"),
        ("ZOOM_OAUTH_URL", "https://zoom.us/oauth/token", "must not contain /oauth"),
        ("MICROSOFT_LOGIN_URL", f"https://login.microsoftonline.com/{APP}", "a tenant"),
        ("MICROSOFT_LOGIN_URL", "https://login.microsoftonline.com/common", "a tenant"),
        ("BOT_OPENID_METADATA_URL", "http://login.example.com/x", "must begin with https://"),
        ("REDIS_URL", "cache:6379", "must begin with redis://"),
        ("REDIS_URL", "http://cache", "must begin with redis://"),
        ("REDIS_URL", "redis://", "must name a host"),
        ("REDIS_URL", "redis://cache:port", "must be a Redis address"),
        ("REDIS_URL", "unix://run", "absolute path"),
        ("REDIS_MODE", "sentinel", "must be single or cluster"),
        ("TOKEN_KEYS", "hunter2", "is not a Fernet key; make one with: python -c"),
        pytest.param(
            "TOKEN_KEYS",
            f"{KEY},{KEY[:-2]}",
            "entry 2 of 2 is not a Fernet key",
            id="second-key-cut",  # the key is another in every process
        ),
        *(
            pytest.param("TOKEN_KEYS", KEY + gap + OTHER, "is not a Fernet key", id=f"gap-{gap!r}")
            for gap in (" ", ";", ":", "\n", "\t", "")  # Fernet takes the first, without a word
        ),
        ("TOKEN_KEYS", " , ", "has no entries"),
        ("ADMIN_OBJECT_IDS", f"{APP},ada@example.com", "entry 2 of 2 is not a GUID"),
        ("ACCOUNT_DEFAULT", "yes", "must be on or off"),
        ("WELCOME", "loud", "must be install or quiet"),
        ("HELP_CONTACT", "the help desk", "must be an e-mail address such as"),
        ("HELP_CONTACT", "it@@example.com", "must be an e-mail address such as"),
        ("HELP_CONTACT", "it@-example.com", "must be an e-mail address such as"),
        ("HELP_CONTACT", "javascript://%0aalert(1)", "must be a web address"),
        ("HELP_CONTACT", "http://help.example.com", "must begin with https://"),
        ("HELP_CONTACT", "http://127.0.0.1/", "must begin with https://"),
        ("HELP_CONTACT", "https://help.example.com/?a b", "without spaces"),
        ("BOT_SERVICE_HOSTS", "smba.example.com,https://x.example", "entry 2 of 2 must be host"),
        ("BOT_SERVICE_HOSTS", "x.example/path", "must be host or host:port"),
        ("BOT_SERVICE_HOSTS", "x.example:port", "must be host or host:port"),
        ("BOT_SERVICE_HOSTS", "x.example:", "must be host or host:port"),
        ("BOT_SERVICE_HOSTS", "*.example", "must be host or host:port"),
        ("HOST", "127.0.0.1:80", "without a port"),
        ("PORT", "65536", "must be a port number"),
        ("PORT", "-1", "must be a port number"),
        ("WORKER_PORT", "tcp://10.0.0.1:80", "enableServiceLinks"),
        ("METRICS_PORT", "127.0.0.1:9464", "must be a port number"),
        *(
            ("READBACK_PER_SECOND", wrong, "must be a number from 0")
            for wrong in ("3", "-1", "1e0", "nan")
        ),
        *(
            ("ZOOM_PER_SECOND", wrong, "must be a number from 1 to 50")
            for wrong in ("0", "0.5", "50.1", "-1", "1e1", "inf", "١٠")
        ),
        ("KEEP_ALIVE_SECONDS", "0", "must be a whole number of seconds"),
        ("KEEP_ALIVE_SECONDS", "75s", "must be a whole number of seconds"),
        ("ZOOM_SIGNATURE_WINDOW", "0", "whole number of seconds"),
        ("ZOOM_SIGNATURE_WINDOW", "1.5", "whole number of seconds"),
        ("LOG_FORMAT", "xml", "must be auto or json or text"),
        ("LOG_LEVEL", "loud", "must be debug"),
        ("ZOOM_WEBHOOK_SECRET", '"quoted"', "is wrapped in quotation marks"),
        ("ZOOM_WEBHOOK_SECRET", "x", "is too short to be a secret"),
        ("METRICS_TOKEN", "7", "is too short to be a secret"),
        ("MicrosoftAppPassword", "hunter2-%&!", "at least 12 characters"),
        ("METRICS_TOKEN", "abababababababab", "is too simple to be a secret"),
        ("METRICS_TOKEN", "secretsecret", "is too simple to be a secret"),
        ("METRICS_TOKEN", "Password1234!", "is too simple to be a secret"),
        ("METRICS_TOKEN", "123456789012", "is too simple to be a secret"),
        ("METRICS_TOKEN", "xxxxxxxxxxxxxxxx", "placeholder"),
        ("METRICS_TOKEN", "PLEASE_REPLACE_ME", "placeholder"),
        ("MicrosoftAppPassword", "<your client secret>", "placeholder"),
        ("MicrosoftAppPassword", "your-client-secret-here", "placeholder"),
        ("ZOOM_WEBHOOK_SECRET", "${ZOOM_WEBHOOK_SECRET}", "placeholder"),
        ("ZOOM_WEBHOOK_SECRET", "changeme-changeme", "placeholder"),
        ("TOKEN_KEYS", "A" * 43 + "=", "is not a Fernet key"),
        ("REDIS_URL", "redis://:hunter2 x@cache", "must be one address"),
        ("METRICS_TOKEN", "REPLACE-ME", "still has the value from .env.example"),
    ],
)
def test_a_malformed_value_is_explained_without_repeating_it(
    name: str, text: str, says: str
) -> None:
    sentence = problem(name, text)
    assert sentence.startswith(f"{name} ")
    assert says in sentence
    assert sentence.endswith(".")


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:8080", "http://127.8.9.1", "http://localhost:1", "http://[::1]:8080/base"],
)
def test_http_is_accepted_for_this_machine(address: str) -> None:
    assert load("serve", GOOD | {"GRAPH_URL": f"{address}/"}).graph_url == address


def test_lists_are_cleaned() -> None:
    second = Fernet.generate_key().decode()
    settings = load(
        "serve",
        GOOD
        | {
            "TOKEN_KEYS": f"{KEY}, {second},",
            "ADMIN_OBJECT_IDS": f"{TENANT} , {APP}",
            "BOT_SERVICE_HOSTS": "SMBA.example.com:8443, [::1]:80",
        },
    )
    assert settings.token_key_list == (KEY, second)
    assert settings.admin_ids == {TENANT.lower(), APP}
    assert settings.service_hosts == {"smba.example.com:8443", "[::1]:80"}


def test_words_are_accepted_in_any_case() -> None:
    settings = load(
        "serve",
        GOOD | {"LOG_LEVEL": "INFO", "ACCOUNT_DEFAULT": "Off", "MicrosoftAppType": "singletenant"},
    )
    assert (settings.log_level, settings.account_default) == ("info", "off")
    assert settings.microsoft_app_type == "SingleTenant"


def test_a_cluster_needs_a_network_address() -> None:
    assert "REDIS_URL must name a node" in problems("serve", GOOD | {"REDIS_MODE": "cluster"})[0]
    unix = {"REDIS_MODE": "cluster", "REDIS_URL": "unix:///run/redis.sock"}
    assert "can't be a unix socket" in problems("serve", GOOD | unix)[0]
    tls = {"REDIS_MODE": "cluster", "REDIS_URL": "rediss://cache:6380"}
    assert load("serve", GOOD | tls).redis_mode == "cluster"


def test_the_zoom_api_names_come_together() -> None:
    names = {"ZOOM_ACCOUNT_ID": "a", "ZOOM_CLIENT_ID": "b", "ZOOM_CLIENT_SECRET": "cs3cret~value"}
    assert load("serve", GOOD | names).zoom_api_configured is True


SECOND = {
    "ORGANISATION_CLIENT_ID": "11111111-2222-4333-8444-555555555555",
    "ORGANISATION_CLIENT_SECRET": "second~s3cret~value",
}


def test_a_second_registration_is_whole_and_another_one() -> None:
    settings = load("serve", GOOD | SECOND)
    assert settings.organisation_client_id == SECOND["ORGANISATION_CLIENT_ID"]
    assert SECOND["ORGANISATION_CLIENT_SECRET"] in settings.secret_texts
    assert load("serve", GOOD).organisation_client_id == ""
    for name, value in SECOND.items():
        alone = {name: value}
        [other] = SECOND.keys() - {name}
        assert problems("serve", GOOD | alone)[0].startswith(f"{other} is missing: set both")
    same = problems("serve", GOOD | SECOND | {"ORGANISATION_CLIENT_ID": APP.upper()})
    assert same[0].startswith("ORGANISATION_CLIENT_ID is the same as MicrosoftAppId.")
    secret = {"ORGANISATION_CLIENT_SECRET": GOOD["MicrosoftAppPassword"]}
    [said] = problems("serve", GOOD | SECOND | secret)
    assert said.startswith("ORGANISATION_CLIENT_SECRET is the same as MicrosoftAppPassword.")
    assert GOOD["MicrosoftAppPassword"] not in said
    [said] = problems("serve", GOOD | SECOND | {"ORGANISATION_CLIENT_ID": "not-an-id"})
    assert said.startswith("ORGANISATION_CLIENT_ID must be a GUID")


def test_the_zoom_apps_id_needs_the_zoom_api() -> None:
    names = {"ZOOM_ACCOUNT_ID": "a", "ZOOM_CLIENT_ID": "b", "ZOOM_CLIENT_SECRET": "cs3cret~value"}
    app = {"ZOOM_APP_ID": "nqSreNVsQ2eGzUMGnA8AHA"}
    assert load("serve", GOOD | names | app).zoom_app_id == app["ZOOM_APP_ID"]
    assert load("serve", GOOD | names).zoom_app_id is None
    wrong = problems("serve", GOOD | names | {"ZOOM_APP_ID": "apps/x"})
    assert wrong == ["ZOOM_APP_ID must be only the app's id: letters, digits, - and _."]
    assert problems("serve", GOOD | app) == [
        "ZOOM_APP_ID only works with ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET."
    ]


def test_the_package_can_be_built_before_the_secrets_exist() -> None:
    environ = {"MicrosoftAppId": APP, "PUBLIC_URL": "https://bot.example.com"}
    settings = load("manifest", environ | {"TOKEN_KEYS": "replace-me", "PORT": "many"})
    assert settings.public_url == "https://bot.example.com"


@pytest.mark.parametrize(
    ("graph_url", "first"),
    [
        ("https://graph.microsoft.com", "Presence.ReadWrite"),
        ("https://graph.test.example:8443", "Presence.ReadWrite"),
        ("https://graph.microsoft.us", "https://graph.microsoft.us/Presence.ReadWrite"),
        ("https://dod-graph.microsoft.us", "https://dod-graph.microsoft.us/Presence.ReadWrite"),
        (
            "https://microsoftgraph.chinacloudapi.cn",
            "https://microsoftgraph.chinacloudapi.cn/Presence.ReadWrite",
        ),
    ],
)
def test_scopes_are_qualified_only_in_national_clouds(graph_url: str, first: str) -> None:
    scopes = load("serve", GOOD | {"GRAPH_URL": graph_url}).graph_scopes
    assert scopes[0] == first
    assert [scope.rsplit("/", 1)[-1] for scope in scopes] == [
        "Presence.ReadWrite",
        "Presence.Read",
        "User.Read",
    ]


@pytest.mark.parametrize(
    ("graph_url", "teams"),
    [
        ("https://graph.microsoft.com", "teams.microsoft.com"),
        ("https://graph.microsoft.us", "gov.teams.microsoft.us"),
        ("https://dod-graph.microsoft.us", "dod.teams.microsoft.us"),
        ("https://graph.example.com", "teams.microsoft.com"),
    ],
)
def test_pages_lead_back_to_teams_of_the_same_cloud(graph_url: str, teams: str) -> None:
    chat = load("serve", GOOD | {"GRAPH_URL": graph_url}).teams_chat
    assert chat == f"https://{teams}/l/chat/0/0?users=28:{APP.lower()}"


@pytest.mark.parametrize(
    "contact", ["it-help@example.com", "https://help.example.com/sp?id=presence#ask"]
)
def test_a_contact_is_an_address_that_people_can_follow(contact: str) -> None:
    assert load("serve", GOOD | {"HELP_CONTACT": contact}).help_contact == contact


def example_lines() -> dict[str, str]:
    pattern = re.compile(r"^(?:# )?([A-Za-z_]+)=(.*)$", re.MULTILINE)
    return dict(pattern.findall(EXAMPLE.read_text()))


def test_the_example_file_lists_exactly_the_names_that_are_known() -> None:
    pattern = re.compile(r"^(?:# )?([A-Za-z_]+)=", re.MULTILINE)
    assert sorted(pattern.findall(EXAMPLE.read_text())) == sorted(NAMES)


def test_every_setting_is_used() -> None:
    root = EXAMPLE.parent
    paths = [root / "app.py", *(root / "launch").rglob("*.py"), *(root / "service").rglob("*.py")]
    used = "".join(path.read_text() for path in paths)
    unused = {name for name in Settings.model_fields if f".{name}" not in used}
    assert unused == {"microsoft_app_type"}  # it is checked, and has one value


def test_the_example_file_as_it_is_reports_every_value_to_fill_in() -> None:
    found = problems("serve", {}, EXAMPLE)
    assert {line.split(" still has the value")[0] for line in found} == set(GOOD)


def test_the_examples_optional_lines_are_valid_or_placeholders(tmp_path: Path) -> None:
    uncommented = tmp_path / ".env"
    uncommented.write_text(
        "\n".join(f"{name}={text}" for name, text in example_lines().items() if name not in GOOD)
    )
    found = problems("serve", GOOD, uncommented)
    assert {line.split(" still has the value")[0] for line in found} == {
        "ORGANISATION_CLIENT_ID",
        "ORGANISATION_CLIENT_SECRET",
        "ZOOM_ACCOUNT_ID",
        "ZOOM_CLIENT_ID",
        "ZOOM_CLIENT_SECRET",
        "ZOOM_APP_ID",
        "ADMIN_OBJECT_IDS",
        "METRICS_TOKEN",
    }


def test_the_example_shows_the_true_defaults() -> None:
    shown_examples = {"REDIS_URL", "WORKER_PORT", "METRICS_PORT", "BOT_SERVICE_HOSTS"}
    shown_examples |= {"HELP_CONTACT"}
    defaults = {
        name: text
        for name, text in example_lines().items()
        if "replace-me" not in text and name not in shown_examples
    }
    assert load("serve", GOOD | defaults) == load("serve", GOOD)


def test_no_name_in_the_environment_turns_authentication_off() -> None:
    environ = GOOD | dict.fromkeys(("local", "LOCAL", "Local", "LOCAL_MODE"), "1")
    assert load("serve", environ).local is False
    open_to_all: dict[str, Any] = {"local": True, "host": "0.0.0.0"}
    with pytest.raises(ValidationError, match="loopback"):
        Settings(**open_to_all)


@pytest.mark.parametrize(
    ("url", "risk"),
    [
        (None, None),
        ("redis://localhost:6379/0", None),
        ("redis://127.8.9.1", None),
        ("redis://[::1]:6379", None),
        ("unix:///run/redis.sock", None),
        ("rediss://:hunter2@cache:6380/0", None),
        ("rediss://cache?ssl_cert_reqs=required", None),
        ("redis://:hunter2@cache:6379/0", "uses redis://"),
        ("redis://10.0.0.7", "uses redis://"),
        ("REDIS://cache", "uses redis://"),
        ("redis://localhost.example.com", "uses redis://"),
        ("rediss://cache?ssl_cert_reqs=none", "ssl_cert_reqs=none"),
    ],
)
def test_a_redis_that_can_be_overheard_is_told_from_others(
    url: str | None, risk: str | None
) -> None:
    settings = load("serve", GOOD if url is None else GOOD | {"REDIS_URL": url})
    if risk is None:
        assert settings.redis_risk is None
    else:
        assert risk in (settings.redis_risk or "")
        assert "hunter" not in (settings.redis_risk or "")


@pytest.mark.parametrize(
    "secret", ["8Q~aB.cD-eF_gH", "metrics-token-1", "the-app-secret-7f3d", "kT0aXc9_RWqzuVbPe2Lm5w"]
)
def test_real_secrets_are_taken(secret: str) -> None:
    settings = load("serve", GOOD | {"METRICS_TOKEN": secret, "MicrosoftAppPassword": secret})
    assert settings.metrics_token is not None
    assert settings.metrics_token.get_secret_value() == secret


def test_every_secret_is_known_to_whoever_writes_the_log() -> None:
    other = Fernet.generate_key().decode()
    given = {
        "MicrosoftAppPassword": "app-password-1",
        "ZOOM_WEBHOOK_SECRET": "webhook-secret-1",
        "ZOOM_ACCOUNT_ID": "account",
        "ZOOM_CLIENT_ID": "client",
        "ZOOM_CLIENT_SECRET": "client-secret-1",
        "METRICS_TOKEN": "metrics-token-1",
        "TOKEN_KEYS": f"{KEY},{other}",
        "REDIS_URL": "rediss://ada:pa%40ssword@cache",
    }
    known = load("serve", GOOD | given).secret_texts
    assert known == {
        *(given[name] for name in given if name.endswith(("SECRET", "Password", "TOKEN"))),
        *(KEY, other, given["REDIS_URL"], "pa%40ssword", "pa@ssword"),
    }
    assert load("serve", GOOD | {"REDIS_URL": "redis://:redis@localhost"}).secret_texts == {
        *(GOOD["MicrosoftAppPassword"], GOOD["ZOOM_WEBHOOK_SECRET"], KEY),
        "redis://:redis@localhost",
    }
