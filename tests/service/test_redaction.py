"""What must not reach a log, in every shape in which it comes; what must; and at what cost."""

from __future__ import annotations

import json
import time
from http.cookies import SimpleCookie
from urllib.parse import quote

import jwt
import pytest
from cryptography.fernet import Fernet

from service.redaction import HIDDEN, clean, clean_lines, clean_text, hide_shapes, visible

SECRET = "hunter2"
JWT = jwt.encode({"oid": "x"}, "k" * 32, algorithm="HS256")
KEY = Fernet.generate_key().decode()
SEALED = Fernet(KEY.encode()).encrypt(b"x").decode()
CODE = "0.AXoA" + "hunter2-_" * 8
SIGNATURE = "v0=" + "0123456789abcdef" * 4
BODY = {"error": "x", "refresh_token": f'{SECRET}" \\ {SECRET}', "expires_in": 3599}


@pytest.mark.parametrize(
    "text",
    [
        # JSON, reprs, and one inside the other
        '"refresh_token": "hunter2"',
        '{"refresh_token":"hunter2","scope":"x"}',
        json.dumps(BODY),
        json.dumps(json.dumps(BODY)),
        json.dumps(json.dumps(json.dumps(BODY))),
        repr(BODY),
        repr(json.dumps(BODY)),
        repr(repr(BODY)),
        repr(json.dumps(BODY).encode()),
        f"b'x\\nclient_secret={SECRET}'",
        "x\\ntoken=hunter2",
        "x\\u0026code=hunter2",
        '"tokens": {"a": "hunter2", "b": ["hunter2"]}',
        "'passwords': ['hunter2', 'hunter2']",
        '"access_token": "hunter2 cut off he',
        json.dumps({"tokens": [SECRET, SECRET], "x": 1}, indent=2),
        json.dumps({"tokens": {"a": {"b": [SECRET]}, "c": SECRET}}, indent=2),
        '"secret":\n  "hunter2"',
        json.dumps([{"name": "Cookie", "value": "a=hunter2"}]),
        json.dumps(json.dumps({"key": "client_secret", "value": SECRET})),
        repr({"name": "X-Api-Key", "value": SECRET}),
        # settings, headers, prose
        "client_secret: hunter2",
        "client_secret = 'hunter2'",
        "clientSecret=hunter2",
        "clientsecret: hunter2",
        "TOKEN_KEYS=hunter2",
        "MicrosoftAppPassword: hunter2,hunter2",
        "ZOOM_WEBHOOK_SECRET=a;hunter2'hunter2",
        "password := hunter2",
        "Authorization: hunter2",
        "Authorization: Basic hunter2",
        "Authorization: Digest username=ada, response=hunter2",
        "proxy-authorization: NTLM hunter2 hunter2",
        "GET / HTTP/1.1\r\nCookie: a=hunter2; b=hunter2\r\nHost: x",
        "Set-Cookie: __Secure-sign-in=hunter2; Path=/; token=hunter2",
        "__Secure-sign-in-17=hunter2; Path=/",
        "<CIMultiDictProxy('Host': 'x', 'Cookie': 'a=hunter2; b=hunter2')>",
        "((b'Host', b'x'), (b'Cookie', b'a=hunter2; b=hunter2'))",
        '["authorization", "Bearer hunter2"]',
        repr(SimpleCookie("sid=hunter2")),
        repr(SimpleCookie("sid=hunter2")["sid"]),
        "x-zm-signature: v0=hunter2",
        "x-api-key: hunter2",
        "sign-in-browser=hunter2",
        '<input type="hidden" name="id_token" value="hunter2" />',
        "<input name='code' value='hunter2hunter2'>",
        "Endpoint=sb://x/;SharedAccessKey=hunter2;a=b",
        "passphrase: hunter2",
        "client_secret\xa0=\xa0hunter2",
        "os.environ['TOKEN'] = 'hunter2'",
        "token[0]=hunter2&token[1]=hunter2",
        "x-functions-key: hunter2",
        "REDISCLI_AUTH=hunter2",
        "apikey=hunter2",
        "-----BEGIN RSA PRIVATE KEY-----\nhunter2\nhunter2\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\\nhunter2\\nhunter2",
        "next=%2fcallback%3fcode%3dhunter2",
        # forms and addresses
        "https://x/callback?code=hunter2&state=hunter2",
        "code=hunter2&client_assertion=hunter2&code_verifier=hunter2",
        "next=" + quote("/callback?code=hunter2&state=hunter2", safe=""),
        "https://x/?sig=hunter2",
        "https://x/?pass=hunter2&auth=hunter2",
        "next=" + quote(quote("/callback?code=hunter2&state=hunter2", safe=""), safe=""),
        "redis://:hunter2@cache:6379/0",
        "redis://user:a@hunter2@cache:6379/0",
        "redis://user:a@b/hunter2?c#hunter2@cache:6379/0",
        "rediss://user:a'hunter2\"@cache:6379/0",
        "https://ada:a@hunter2@example.com/x",
        "https://hunter2@example.com/x",
    ],
)
def test_what_is_named_as_a_secret_is_hidden(text: str) -> None:
    for said in (text, f"before {text} after", f"KeyError({text!r})", f"a\n{text}\nb"):
        assert SECRET not in hide_shapes(said), said
        assert HIDDEN in hide_shapes(said)
        assert SECRET not in clean_lines(said, 8000)
        assert hide_shapes(hide_shapes(said)) == hide_shapes(said)


@pytest.mark.parametrize(
    "secret",
    [JWT, JWT[:30], KEY, SEALED, CODE, SIGNATURE],
    ids=["jwt", "half a jwt", "key", "sealed", "code", "signature"],  # some are made anew each time
)
@pytest.mark.parametrize("around", ["{}", "a {} b", "({})", "x\\n{}", "'{}'", "a,{},{}", "{}\n{}"])
def test_what_shows_that_it_is_a_secret_is_hidden(secret: str, around: str) -> None:
    said = hide_shapes(around.replace("{}", secret))
    assert secret[:20] not in said
    assert secret[-16:] not in said


def test_a_client_secret_of_entra_shows_what_it_is() -> None:
    secret = "aBc8Q~" + "d1E_f-" * 6
    assert hide_shapes(f"said '{secret}' to them") == f"said '{HIDDEN}' to them"


@pytest.mark.parametrize(
    "text",
    [
        "HTTP status code: 404",
        "status_code=404, outcome=ok",
        '{"error": {"code": "Authorization_RequestDenied", "message": "Insufficient privileges"}}',
        "AADSTS50076: you must use multi-factor authentication to access it",
        "error code: AADSTS50076",
        "redis.exceptions.AuthenticationError: invalid username-password pair",
        "jwt.exceptions.InvalidTokenError: Signature has expired",
        "the state: closed; the key: none",
        "primary key: 4; keys: 17 of 20",
        '<input name="code" value="4" />',
        "https://graph.microsoft.com/v1.0/users/0a1b2c3d-0000-4000-8000-00000000000a/presence",
        "redis://cache:6379/0 does not answer",
        "ada@example.com: renamed to ben@example.com",
        "https://teams.example/l/chat/19:abc@thread.v2/0?tenantId=x",
        "Vault('row'): token=None",
        '{"name": "Authorisation of Ada", "value": "given"}',
        "KeyError: 'name'\n  File \"x.py\", line 3",
        "at 2026-11-28T19:10:02.000Z",
    ],
)
def test_ordinary_texts_are_shown(text: str) -> None:
    assert hide_shapes(text) == text


def test_a_pair_of_a_header_is_hidden_by_its_name() -> None:
    headers = [("Host", "x"), ("Cookie", "a=hunter2"), (b"Authorization", b"Bearer hunter2")]
    assert clean(headers) == [["Host", "x"], ["Cookie", HIDDEN], ["Authorization", HIDDEN]]
    assert clean([["token", "hunter2"], ["a", "b"]]) == [["token", HIDDEN], ["a", "b"]]
    header = {"name": "Cookie", "value": "a=hunter2"}
    assert clean([header]) == [{"name": "Cookie", "value": HIDDEN}]
    assert clean({"name": "Host", "value": "x"}) == {"name": "Host", "value": "x"}


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "a",
            "a-",
            "a.",
            "eyJ",
            "eyJ-",
            "eyJaaaaaaaaaa",
            "gAAAAA",
            "0.A",
            "8Q~",
            "v0=",
            "%26",
            "=",
        ),
        *("-----BEGIN PRIVATE KEY-----", "-----BEGIN ", "api-key-"),
        *("redis://", "://", "://a@", "a@", "token=", "token: ", 'token="', "token='", "\\n", "\\"),
        *(
            '"token": "',
            '\\"token\\": \\"',
            "'key': '",
            "code: [",
            "Cookie: ",
            "bearer ",
            " ",
            "\t",
        ),
        *("token: [", "token:\n{", '"name": "token", "value": "', "token[0]", "[(", "token\xa0"),
        *("key: a", "state:a", '"', "',", "\x1b", "\u202e", "('token', '", "a=" * 30 + "\\u0026"),
    ],
)
def test_the_time_is_in_proportion_to_the_text(piece: str) -> None:
    huge = piece * (100_000 // len(piece))
    begin = time.process_time()
    hide_shapes(huge)
    visible(huge)
    assert time.process_time() - begin < 2  # a tenth of that


def test_a_traceback_that_is_cut_shows_no_end_of_a_secret() -> None:
    assert JWT[-20:] not in clean_lines(f"refused {'x' * 100} {JWT}{JWT}{JWT}", 60)
    text = "\n".join(["first", "Cookie: " + "hunter2; " * 30, "last"])
    assert clean_lines(text, 60).splitlines()[-1] == "last"
    assert SECRET not in clean_lines(text, 60)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Sales\r\nforged", r"Sales\r\nforged"),
        ("\x1b]0;x\x07\x1b[2J", r"\x1b]0;x\x07\x1b[2J"),
        ("\x9b31m\x85\x7f\x00", r"\x9b31m\x85\x7f\x00"),
        ("\u202egnp\u2066\u2069\u200f\u061c", r"\u202egnp\u2066\u2069\u200f\u061c"),
        ("a\u2028b\u2029c\ufeff\u200b", r"a\u2028b\u2029c\ufeff\u200b"),
        ("\ud800", r"\ud800"),
        ("\U000e0041", r"\U000e0041"),
        ("Größe 山田 مريم 👩‍💻 می‌خواهم", "Größe 山田 مريم 👩‍💻 می‌خواهم"),
    ],
)
def test_control_characters_are_shown(text: str, shown: str) -> None:
    assert visible(text) == clean_text(text) == shown
