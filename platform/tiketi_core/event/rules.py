"""What an event's status is at a moment, which times make sense, and what a search compares; pure."""

import unicodedata
from collections.abc import Iterator
from dataclasses import fields
from typing import Final

from tiketi_core.event.aliases import ALIASES
from tiketi_core.event.errors import ImageTooLargeError
from tiketi_core.event.model import Event, EventChange, NewEvent, Pictures, Status
from tiketi_core.kernel import bounds
from tiketi_core.kernel.errors import InvalidRequestError

MOMENT_MS_MIN: Final = 946_684_800_000
"""2000-01-01, UTC."""
MOMENT_MS_MAX: Final = 7_258_118_400_000
"""2200-01-01, UTC."""
SEARCH_EDITION: Final = "2"
"""To be raised with any change of what `search_text` or `index_key` make of a text, or of the aliases."""

_HANGUL_FIRST: Final = 0xAC00
_HANGUL_LAST: Final = 0xD7A3
_VOWELS_COUNT: Final = 21
_FINALS_COUNT: Final = 28
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"


def as_portrait(pictures: Pictures) -> Pictures:
    """The same image no wider than a portrait is kept; raises ImageTooLargeError for one that is a strip."""
    sizes = [*pictures.variants, pictures.original]
    *smaller, kept = [each for each in sizes if each.width <= bounds.portrait_width_max]
    if kept.height > 2 * bounds.portrait_width_max:
        raise ImageTooLargeError(
            f"{kept.width} × {kept.height} pixels; a portrait may be at most twice as high as wide",
            field="image",
        )
    return Pictures(kept, smaller)


def status_at(event: Event, now_ms: int) -> Status:
    """The status at a moment: on sale from `on_sale_at` on, ended from `sale_ends_at` on."""
    if event.is_cancelled:
        return "cancelled"
    if now_ms < event.on_sale_at_ms:
        return "upcoming"
    if now_ms >= event.sale_ends_at_ms:
        return "ended"
    return "sold_out" if event.is_sold_out else "on_sale"


def next_change_ms(event: Event, now_ms: int) -> int | None:
    """When the status changes next by itself; None when it never will."""
    if event.is_cancelled:
        return None
    changes = (event.on_sale_at_ms, event.sale_ends_at_ms)
    return next((change for change in changes if now_ms < change), None)


def check_times(event: NewEvent) -> None:
    """Raises InvalidRequestError naming the field unless on_sale_at < sale_ends_at <= starts_at."""
    moments = {
        "starts_at": event.starts_at_ms,
        "on_sale_at": event.on_sale_at_ms,
        "sale_ends_at": event.sale_ends_at_ms,
    }
    for field, moment_ms in moments.items():
        if not MOMENT_MS_MIN <= moment_ms < MOMENT_MS_MAX:
            raise InvalidRequestError("must lie in the years 2000 to 2199", field=field)
    if event.on_sale_at_ms >= event.sale_ends_at_ms:
        raise InvalidRequestError("must be after on_sale_at", field="sale_ends_at")
    if event.sale_ends_at_ms > event.starts_at_ms:
        raise InvalidRequestError("must not be after starts_at", field="sale_ends_at")


def changed(event: NewEvent, change: EventChange) -> NewEvent:
    """The event as it is to be."""
    wanted = {
        field.name: (
            getattr(event, field.name)
            if getattr(change, field.name) is None
            else getattr(change, field.name)
        )
        for field in fields(NewEvent)
    }
    return NewEvent(**{**wanted, "image_url": wanted["image_url"] or None})


def search_text(event: NewEvent) -> str:
    """What is searched in, so that spelling, case, composition and language make no difference."""
    texts = [fold(text) for text in (event.title, event.artist, event.venue)]
    return "\n".join((*texts, *other_names(texts[:2])))


def other_names(folded: list[str]) -> Iterator[str]:
    """The names under which those in these texts are known too: 싸이 for PSY."""
    said = " ".join(" ".join(_words_of(text)) for text in folded)
    for names in ALIASES:
        if any(f" {name} " in f" {said} " for name in names):
            yield from (name for name in names if f" {name} " not in f" {said} ")


def words(query: str) -> tuple[str, ...]:
    """What is searched for, each word once, the longest first: it narrows the most."""
    return tuple(sorted(set(fold(query).split()), key=lambda word: (-len(word), word)))


def fold(text: str) -> str:
    """Any case, full or half width, and Hangul in syllables or in letters become one spelling."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def index_key(folded: str) -> str:
    """A folded text as the index knows it: each Hangul syllable spelled in four to seven ASCII letters.

    An index of three neighbouring characters is no use for words of two syllables, as most Korean names
    are. What contains a word has a key that contains the word's key; the reverse need not hold.
    """
    return "".join(_spelled(each) for each in folded)


def _spelled(char: str) -> str:
    if not _HANGUL_FIRST <= ord(char) <= _HANGUL_LAST:
        return char
    rest, final = divmod(ord(char) - _HANGUL_FIRST, _FINALS_COUNT)
    initial, vowel = divmod(rest, _VOWELS_COUNT)
    parts = (initial, vowel, final) if final else (initial, vowel)
    # The first letter says which part it is, so that no syllable is found across two others.
    return "".join(f"{'qxz'[place]}{_pair(part)}" for place, part in enumerate(parts))


def _pair(number: int) -> str:
    return _LETTERS[number] if number < len(_LETTERS) else f"w{_LETTERS[number - len(_LETTERS)]}"


def _words_of(folded: str) -> list[str]:
    return "".join(char if char.isalnum() else " " for char in folded).split()
