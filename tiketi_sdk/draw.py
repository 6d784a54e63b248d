"""Repeats a draw from its published receipt, trusting nobody; it asks no server and knows no user.

What it can tell: that the receipt opens the commitment, that the list is sound, and that the order follows
from seed and list. What it cannot: that the commitment was there before the draw (give the one you noted),
that you are in the list (give your `draw_id`), or that everybody in it is a person.
"""

import hashlib
import hmac
from dataclasses import dataclass
from re import fullmatch

from tiketi_sdk.contract.queue import Draw

ALGORITHM = "tiketi-draw-1"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    passed: bool
    detail: str


@dataclass(frozen=True, slots=True)
class DrawCheck:
    """All of them, in order."""

    checks: tuple[Check, ...]
    not_checked: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing was found."""
        return all(check.passed for check in self.checks)


def order(seed: bytes, draw_ids: tuple[str, ...]) -> list[str]:
    """Pseudonyms in the order that seed and list make, the first to be let in first."""
    listed = sorted(draw_ids)
    digest = hashlib.sha256(b"\n".join(each.encode("ascii") for each in listed)).digest()

    def rank(each: str) -> tuple[bytes, str]:
        return hmac.new(seed, digest + each.encode("ascii"), hashlib.sha256).digest(), each

    return sorted(listed, key=rank)


def commitment(receipt: Draw) -> str:
    """The commitment that seed and salt digest of a receipt open. Raises ValueError for what is no hex."""
    opened = f"{receipt.algorithm} {receipt.event_id}\n".encode()
    opened += bytes.fromhex(receipt.seed) + bytes.fromhex(receipt.salt_digest)
    return hashlib.sha256(opened).hexdigest()


def check(receipt: Draw, *, noted: str | None = None, draw_id: str | None = None) -> DrawCheck:
    """Repeat the draw. `noted`: the commitment you saw before it; `draw_id`: yours."""
    checks = [_known(receipt)]
    if checks[0].passed:
        checks += [_committed(receipt), _listed(receipt)]
        if checks[-1].passed:
            checks.append(_ordered(receipt))
    missing = ["that every pseudonym is one person, and whose it is"]
    if noted is None:
        missing.append("that the commitment was published before the draw: give the one you noted")
    else:
        same = noted.lower() == receipt.commitment.lower()
        detail = "it is the one noted before" if same else f"noted was {noted}"
        checks.append(Check("noted commitment", same, detail))
    if draw_id is None:
        missing.append("that you took part: give the draw_id you were told")
    else:
        checks.append(_took_part(receipt, draw_id))
    return DrawCheck(tuple(checks), tuple(missing))


def _known(receipt: Draw) -> Check:
    known = receipt.algorithm == ALGORITHM
    sound = bool(
        fullmatch(r"[0-9a-f]{64}", receipt.seed) and fullmatch(r"[0-9a-f]{64}", receipt.salt_digest)
    )
    detail = receipt.algorithm if known else f"{receipt.algorithm} is not {ALGORITHM}"
    return Check("algorithm", known and sound, detail if sound else "seed or salt digest is no hex")


def _committed(receipt: Draw) -> Check:
    opened = commitment(receipt)
    passed = hmac.compare_digest(opened, receipt.commitment.lower())
    detail = (
        f"the seed opens {opened}" if passed else f"the seed opens {opened}, not the commitment"
    )
    return Check("commitment", passed, detail)


def _listed(receipt: Draw) -> Check:
    ids = receipt.draw_ids
    if receipt.first != 1 or len(ids) != receipt.count:
        return Check(
            "list", False, f"{len(ids)} of {receipt.count}, from number {receipt.first} on"
        )
    if len(set(ids)) != len(ids):
        return Check("list", False, "somebody is in it twice")
    if not all(fullmatch(r"[0-9a-f]{32}", each) for each in ids):
        return Check("list", False, "not every entry is a pseudonym of 32 hex digits")
    return Check("list", True, f"{len(ids)} took part, each once")


def _ordered(receipt: Draw) -> Check:
    pairs = zip(order(bytes.fromhex(receipt.seed), receipt.draw_ids), receipt.draw_ids, strict=True)
    for number, (derived, given) in enumerate(pairs, 1):
        if derived != given:
            return Check("order", False, f"number {number} is {derived}'s, and {given} has it")
    return Check("order", True, f"numbers 1 to {receipt.count} follow from seed and list")


def _took_part(receipt: Draw, draw_id: str) -> Check:
    if draw_id.lower() not in receipt.draw_ids:
        return Check("your place", False, f"{draw_id} is not in the list")
    number = receipt.draw_ids.index(draw_id.lower()) + 1
    return Check("your place", True, f"{draw_id} drew number {number}")
