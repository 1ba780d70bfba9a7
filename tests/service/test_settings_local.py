"""The settings of local mode: this machine only, its own key, nothing of production."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cryptography.fernet import Fernet

from service.setting_names import collect
from service.settings import LOCAL_METRICS_PORT, Settings, SettingsError, local

if TYPE_CHECKING:
    from pathlib import Path

APP = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
TENANT = "11111111-2222-4333-8444-555555555555"
SANDBOX = "http://127.0.0.1:3979"


def start(environ: dict[str, str], data_dir: Path, **others: Any) -> Settings:
    environ = {"DATA_DIR": str(data_dir)} | environ
    return local(environ, sandbox_url=SANDBOX, app_id=APP, tenant_id=TENANT, **others)


def test_everything_points_at_the_sandbox_and_only_this_machine_is_served(tmp_path: Path) -> None:
    settings = start({}, tmp_path, admin_object_ids=[TENANT])
    assert settings.local is True
    assert (settings.host, settings.port) == ("127.0.0.1", 3978)
    assert settings.metrics_port == LOCAL_METRICS_PORT  # where `top` looks by itself
    assert settings.public_url == "http://127.0.0.1:3978"
    assert {
        settings.microsoft_login_url,
        settings.graph_url,
        settings.zoom_oauth_url,
        settings.zoom_api_url,
    } == {SANDBOX}
    assert settings.bot_openid_metadata_url.startswith(f"{SANDBOX}/")
    assert settings.zoom_api_configured is True
    assert settings.admin_ids == {TENANT}


def test_of_the_environment_only_everyday_names_count(tmp_path: Path) -> None:
    environ = {
        "PORT": "4100",
        "LOG_LEVEL": "debug",
        "ACCOUNT_DEFAULT": "off",
        "MicrosoftAppId": TENANT,
        "MicrosoftAppPassword": "production",
        "REDIS_URL": "redis://production",
        "GRAPH_URL": "https://graph.microsoft.com",
        "ZOOM_WEBHOOK_SECRET": "production",
        "TOKEN_KEYS": "replace-me",
    }
    settings = start(environ, tmp_path)
    assert (settings.port, settings.log_level, settings.account_default) == (4100, "debug", "off")
    assert settings.microsoft_app_id == APP
    assert settings.redis_url is None
    assert settings.graph_url == SANDBOX
    assert "production" not in settings.zoom_webhook_secret.get_secret_value()
    assert start(environ | {"PORT": "4200"}, tmp_path).public_url == "http://127.0.0.1:4200"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "my-machine"])
def test_other_addresses_are_refused(host: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        start({"HOST": host}, tmp_path)
    assert caught.value.problems == [
        "HOST must be a loopback address: local mode does not check who calls. Leave it out."
    ]
    assert list(tmp_path.iterdir()) == []


def test_loopback_addresses_are_accepted(tmp_path: Path) -> None:
    assert start({"HOST": "::1"}, tmp_path).public_url == "http://[::1]:3978"
    assert start({"HOST": "localhost"}, tmp_path).public_url == "http://localhost:3978"


def test_the_key_is_made_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    data_dir = tmp_path / "deep" / "data"
    first = start({}, data_dir)
    file = data_dir / "token-keys"
    assert file.stat().st_mode & 0o777 == 0o600
    assert data_dir.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in data_dir.iterdir()] == ["token-keys"]
    Fernet(first.token_key_list[0])
    file.chmod(0o644)
    assert start({}, data_dir).token_key_list == first.token_key_list
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_damaged_key_file_is_reported_and_not_replaced(tmp_path: Path) -> None:
    file = tmp_path / "token-keys"
    for content in (b"", b"short", b"\xff"):
        file.write_bytes(content)
        with pytest.raises(SettingsError, match="token-keys is damaged"):
            start({}, tmp_path)
        assert file.read_bytes() == content


def test_a_data_folder_that_is_a_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(SettingsError, match="can't be made or read"):
        start({}, tmp_path / "data")


def test_names_count_as_they_are_written() -> None:
    assert collect(["MicrosoftAppId"], {"MICROSOFTAPPID": APP}, None).misspelled == {
        "MICROSOFTAPPID": "MicrosoftAppId"
    }
