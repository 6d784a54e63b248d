"""Reads events from YAML (or JSON, which is YAML too) for the commands that take files; asks no service."""

import hashlib
import json
import re
import sys
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from tiketi_cli.errors import UsageError
from tiketi_cli.text import moment

BYTES_MAX: Final = 16 * 1024 * 1024
MOMENTS: Final = ("starts_at", "on_sale_at", "sale_ends_at")
TEXTS: Final = ("title", "artist", "venue", "description", "image_url")
FIELDS: Final = frozenset({*MOMENTS, *TEXTS, "seats_per_user_max", "key"})
_NEEDED: Final = ("title", "artist", "venue", "starts_at", "on_sale_at")
_KEY_CHARS: Final = 32
_KEY: Final = re.compile(r"[!-~]{1,100}")


def load(path: Path) -> Any:
    """What the file says; `-` reads stdin. Raises UsageError for what is no YAML."""
    import yaml

    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
        if len(text) > BYTES_MAX:
            raise UsageError(f"{path} is too large", f"at most {BYTES_MAX:,} characters")
        return yaml.safe_load(text)
    except UnicodeDecodeError:
        raise UsageError(f"{path} is no text in UTF-8", "save it as UTF-8") from None
    except yaml.YAMLError as error:
        raise UsageError(
            f"{path} is not YAML: {error}", "see tiketi events import --help"
        ) from None


def fields(
    said: Any, *, where: str, changes_only: bool = False, dates_only: bool = False
) -> dict[str, Any]:
    """What the client takes, without `key`. Raises UsageError naming `where` for what does not belong there.

    With `dates_only` a time must mean the same whenever it is read: not `now`, not `+30d`.
    """
    if not isinstance(said, dict):
        raise UsageError(
            f"{where} is not an event", "an event is a mapping: title, artist, venue, …"
        )
    unknown = sorted(str(name) for name in said.keys() - FIELDS)
    if unknown:
        raise UsageError(
            f"{where}: unknown field {unknown[0]}", f"fields are {', '.join(sorted(FIELDS))}"
        )
    missing = [name for name in _NEEDED if said.get(name) is None]
    if missing and not changes_only:
        raise UsageError(f"{where}: {missing[0]} is missing", "see tiketi events create --help")
    found = {name: said[name] for name in said if name != "key" and said[name] is not None}
    for name in MOMENTS:
        if name in found:
            if dates_only and str(found[name]).startswith(("now", "+")):
                raise UsageError(
                    f"{where}: {name} means another time each time it is read",
                    "write a date such as 2026-12-24 19:00",
                )
            found[name] = _moment(found[name], where=f"{where}: {name}")
    if not changes_only:
        found.setdefault("sale_ends_at", found["starts_at"])
    return found


def key_of(said: dict[str, Any]) -> str:
    """By what an event of a file is known when the file comes again: its own key, or all that it says."""
    key = said.get("key")
    if key is not None and _KEY.fullmatch(str(key)):
        return f"import:{key}"
    # What else is called a key may hold what a header may not.
    known_by = said if key is None else str(key)
    content = json.dumps(known_by, sort_keys=True, default=str, ensure_ascii=False)
    return f"import:{hashlib.sha256(content.encode()).hexdigest()[:_KEY_CHARS]}"


def _moment(value: object, *, where: str) -> datetime:
    if isinstance(value, datetime):
        return value if value.tzinfo is not None else value.astimezone()
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day).astimezone()
    if isinstance(value, str):
        at = moment(value)
        # What sells from "now" must be on sale when its seats are asked for.
        return at - timedelta(seconds=1) if value == "now" else at
    raise UsageError(f"{where} is not a time", 'write 2026-12-24 19:00, or "+30d"')
