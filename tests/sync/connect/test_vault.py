"""What is sealed for one person and purpose opens for no other."""

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from sync.connect.vault import Vault, VaultError

pytestmark = pytest.mark.unit

ADA = "00000000-0000-4000-8000-000000000001"
BEN = "00000000-0000-4000-8000-000000000002"
KEY = Fernet.generate_key().decode()
OTHER_KEY = Fernet.generate_key().decode()
VAULT = Vault([KEY])


@given(owner=st.text(), purpose=st.text(), text=st.text())
def test_any_text_comes_back_unchanged(owner: str, purpose: str, text: str) -> None:
    assert VAULT.open(owner, purpose, VAULT.seal(owner, purpose, text)) == text


@given(
    sealed_for=st.tuples(st.text(max_size=8), st.text(max_size=8)),
    asked_for=st.tuples(st.text(max_size=8), st.text(max_size=8)),
)
def test_it_opens_only_for_the_same_owner_and_purpose(
    sealed_for: tuple[str, str], asked_for: tuple[str, str]
) -> None:
    sealed = VAULT.seal(*sealed_for, "secret")
    if sealed_for == asked_for:
        assert VAULT.open(*asked_for, sealed) == "secret"
    else:
        with pytest.raises(VaultError):
            VAULT.open(*asked_for, sealed)


@given(position=st.integers(min_value=0), replacement=st.integers(min_value=0, max_value=255))
def test_one_altered_byte_never_yields_another_text(position: int, replacement: int) -> None:
    sealed = bytearray(VAULT.seal(ADA, "tokens", "secret").encode())
    sealed[position % len(sealed)] = replacement
    try:
        text = VAULT.open(ADA, "tokens", sealed.decode("latin-1"))
    except VaultError:
        return
    assert text == "secret"  # the byte was what it is now, or only base64 padding bits differ


def test_swapped_rows_do_not_open() -> None:
    rows = {ADA: VAULT.seal(ADA, "tokens", "ada's"), BEN: VAULT.seal(BEN, "tokens", "ben's")}
    rows[ADA], rows[BEN] = rows[BEN], rows[ADA]
    for person, sealed in rows.items():
        with pytest.raises(VaultError, match="another owner"):
            VAULT.open(person, "tokens", sealed)


def test_a_sealed_text_shows_neither_owner_nor_content() -> None:
    sealed = VAULT.seal(ADA, "tokens", "the content")
    assert "content" not in sealed
    assert ADA not in sealed
    assert sealed != VAULT.seal(ADA, "tokens", "the content")


def test_a_vault_without_the_key_cannot_open() -> None:
    with pytest.raises(VaultError):
        Vault([OTHER_KEY]).open(ADA, "tokens", VAULT.seal(ADA, "tokens", "secret"))


@pytest.mark.parametrize("sealed", ["", "x", "gAAAA", "ä" * 40, "\ud800", "A" * 4000])
def test_garbage_is_a_vault_error(sealed: str) -> None:
    with pytest.raises(VaultError):
        VAULT.open(ADA, "tokens", sealed)


@pytest.mark.parametrize("plain", [b"not json", b"[]", b'{"owner": "x"}', b"\xff"])
def test_what_our_key_sealed_but_we_did_not_write_is_a_vault_error(plain: bytes) -> None:
    with pytest.raises(VaultError):
        VAULT.open(ADA, "tokens", Fernet(KEY).encrypt(plain).decode())


def test_rotation_moves_old_texts_to_the_first_key() -> None:
    old = VAULT.seal(ADA, "tokens", "secret")
    both = Vault([OTHER_KEY, KEY])
    assert both.open(ADA, "tokens", old) == "secret"
    assert both.needs_rotation(old)

    fresh = both.rotate(ADA, "tokens", old)

    assert not both.needs_rotation(fresh)
    assert Vault([OTHER_KEY]).open(ADA, "tokens", fresh) == "secret"
    with pytest.raises(VaultError):
        VAULT.open(ADA, "tokens", fresh)


def test_rotation_does_not_launder_a_moved_row() -> None:
    with pytest.raises(VaultError):
        Vault([OTHER_KEY, KEY]).rotate(BEN, "tokens", VAULT.seal(ADA, "tokens", "secret"))


@pytest.mark.parametrize("keys", [[], ["too-short"], [KEY, "not*a*key"]])
def test_bad_keys_are_refused_without_quoting_them(keys: list[str]) -> None:
    with pytest.raises(ValueError, match="key") as refused:
        Vault(keys)
    assert not any(key in str(refused.value) for key in keys)
