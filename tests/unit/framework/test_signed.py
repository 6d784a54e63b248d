"""Tokens are opened as PyJWT opens them, for the one algorithm there is."""

import base64
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from nacl.signing import VerifyKey

from tiketi_platform.framework import signed

KEY = Ed25519PrivateKey.generate()
NOW_S = 1_800_000_000
CLAIMS: dict[str, Any] = {
    "iss": "tiketi",
    "aud": "tiketi",
    "sub": "7",
    "iat": NOW_S - 60,
    "exp": NOW_S + 60,
}


def _made(key: Ed25519PrivateKey = KEY, **changes: Any) -> str:
    said = {name: value for name, value in {**CLAIMS, **changes}.items() if value is not None}
    return jwt.encode(said, key, algorithm="EdDSA", headers={"kid": "one"})


def _opened(token: str) -> dict[str, Any]:
    assert signed.key_id(token) == "one"
    return signed.claims(
        token,
        VerifyKey(KEY.public_key().public_bytes_raw()),
        audience="tiketi",
        issuer="tiketi",
        now_s=NOW_S,
    )


def _with_header(**header: Any) -> str:
    encoded = base64.urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")
    return encoded + _made()[_made().index(".") :]


@pytest.mark.parametrize("audience", ["tiketi", ["others", "tiketi"]])
def test_what_pyjwt_signed_is_read(audience: Any) -> None:
    token = _made(aud=audience, nbf=NOW_S)
    assert _opened(token) == {**CLAIMS, "aud": audience, "nbf": NOW_S}


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "others"},
        {"aud": ["others"]},
        {"aud": None},
        {"iss": "others"},
        {"iss": None},
        {"sub": None},
        {"exp": None},
        {"exp": "tomorrow"},
        {"exp": NOW_S + 0.5},
        {"iat": None},
        {"nbf": NOW_S + 1},
        {"nbf": "now"},
    ],
    ids=str,
)
def test_claims_that_do_not_fit_are_refused(changes: dict[str, Any]) -> None:
    said = {name: value for name, value in {**CLAIMS, **changes}.items() if value is not None}
    payload = base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")
    head = f"{_made().partition('.')[0]}.{payload}"
    signature = base64.urlsafe_b64encode(KEY.sign(head.encode())).decode().rstrip("=")
    with pytest.raises(signed.SignatureError):
        _opened(f"{head}.{signature}")


@pytest.mark.parametrize(
    "token",
    [
        _made(Ed25519PrivateKey.generate()),
        _made()[:-4],
        _made() + ".more",
        _made().rpartition(".")[0],
        _made().rpartition(".")[0] + ".",
        _made().rpartition(".")[0] + ".$$$",
        _made().partition(".")[0] + ".e30" + _made()[_made().rindex(".") :],
    ],
    ids=["stranger", "cut", "four parts", "two parts", "unsigned", "no base64", "other claims"],
)
def test_what_the_key_did_not_sign_is_refused(token: str) -> None:
    with pytest.raises(signed.SignatureError):
        _opened(token)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b.c",
        "bnVsbA.e30.x",
        _with_header(alg="none", kid="one"),
        _with_header(alg="HS256", kid="one"),
        _with_header(alg="EdDSA"),
        _with_header(alg="EdDSA", kid=1),
        _with_header(alg="EdDSA", kid="one", crit=["b64"], b64=False),
    ],
    ids=["empty", "letters", "null", "none", "symmetric", "no kid", "a number", "critical"],
)
def test_a_header_that_does_not_fit_is_refused(token: str) -> None:
    with pytest.raises(signed.SignatureError):
        signed.key_id(token)
