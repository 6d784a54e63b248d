"""What counts as the same e-mail, the same password and the same guesser; pure, and decides nothing else."""

import base64
import hashlib
import ipaddress
import unicodedata

from tiketi_core.auth.model import Attempt

SANDBOX_DOMAIN = "load.tiketi.test"


def canonical_password(password: str) -> str:
    """The form that is hashed: a password typed on another keyboard or system is the same password."""
    return unicodedata.normalize("NFC", password)


def email_key(email: str) -> str:
    """The form in which two spellings of one e-mail are equal."""
    return email.lower()


def attempt(email: str, address: str) -> Attempt:
    """The names under which failures for this e-mail and from this address are counted."""
    return Attempt(
        account_key=f"account:{email_key(email)}", address_key=f"address:{_network(address)}"
    )


def mailing(email: str, address: str) -> Attempt:
    """The names under which mails asked for are counted; a wrong password does not count there."""
    return Attempt(
        account_key=f"reset:{email_key(email)}", address_key=f"mailing:{_network(address)}"
    )


def signup_key(address: str) -> str:
    """The name under which accounts opened from this address are counted."""
    return f"signup:{_network(address)}"


def _network(address: str) -> str:
    """One guesser's addresses: an IPv4 address, or the /64 an IPv6 host may choose from at will."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(ip, ipaddress.IPv6Address):
        mapped = ip.ipv4_mapped
        return str(mapped or ipaddress.IPv6Network((int(ip) >> 64 << 64, 64)))
    return str(ip)


def challenge_of(verifier: str) -> str:
    """The PKCE challenge of a verifier, by S256 (RFC 7636)."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def sandbox_names(prefix: str, first_number: int, count: int) -> list[str]:
    """`count` names `{prefix}-{number}`, six digits or more."""
    return [f"{prefix}-{number:06d}" for number in range(first_number, first_number + count)]


def sandbox_email(name: str) -> str:
    """The e-mail of a sandbox user; its domain can never be registered."""
    return f"{name}@{SANDBOX_DOMAIN}"
