"""What a text must look like: a pattern for machines and words for people. It judges nothing itself."""

from collections.abc import Iterator
from typing import Final

from pydantic import StringConstraints, ValidationError

_WORDS: Final[dict[str, str]] = {}
"""By pattern, what a text that does not fit it is told."""


def shaped(
    pattern: str, words: str, *, min_length: int | None = None, max_length: int | None = None
) -> StringConstraints:
    """A text of this form; `words` say what it should be, after the name of its field."""
    known = _WORDS.setdefault(pattern, words)
    assert known == words, "one pattern, one wording"
    return StringConstraints(pattern=pattern, min_length=min_length, max_length=max_length)


def refused(error: ValidationError) -> Iterator[tuple[str, str]]:
    """Each refused field: its path, as `seat_ids.0`, and why in words. The path of a whole struct is empty."""
    for row in error.errors(include_url=False, include_input=False):
        words = _WORDS.get(str(row.get("ctx", {}).get("pattern")), row["msg"])
        yield ".".join(str(part) for part in row["loc"]), words
