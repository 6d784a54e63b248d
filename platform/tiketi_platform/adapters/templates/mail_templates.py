"""Renders `mail/<language>/<message>.txt` into a subject, a text, HTML and one sentence; knows no channel.

A template opens with the lines `Subject:` and `Short:`, then come paragraphs with empty lines between them.
A paragraph whose lines all read `name: value` becomes a table in HTML. Templates run in Jinja's sandbox,
and HTML is escaped wherever it comes from.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, get_args

from jinja2 import StrictUndefined, Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from tiketi_core.kernel.errors import NotFoundError
from tiketi_core.kernel.ids import UserId
from tiketi_core.notification.errors import RefusedError
from tiketi_core.notification.model import (
    ChannelName,
    Contact,
    Delivery,
    Language,
    Notice,
    Words,
)

_FOLDER: Final = Path(__file__).parent / "mail"
_SUBJECT_CHARS_MAX: Final = 200
_SHORT_CHARS_MAX: Final = 300
_SEPARATOR: Final = "\x1e"
"""Between what is rendered together; names and titles cannot hold it, because `_flat` takes it for a space."""
_FACT_NAME_CHARS_MAX: Final = 24
_LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
_ADVERTISEMENT: Final[dict[Language, str]] = {"ko": "(광고)", "en": "(광고) [Ad]"}
"""Korean law wants the first word of an advertisement to say so (Network Act, article 50)."""
_REFUSAL: Final[dict[Language, tuple[str, str]]] = {
    "ko": ("광고성 정보 수신을 원하지 않으시면", "수신 거부"),
    "en": ("If you would rather not get offers from us,", "unsubscribe"),
}

Unsubscribe = Callable[[UserId, ChannelName], str]
"""The address where one click ends a user's advertising by a channel."""


_Paragraph = tuple[str, tuple[tuple[str, str], ...]]
"""Its text, or the names and values its lines are."""


@dataclass(frozen=True, slots=True)
class _Compiled:
    """One message in one language: a render costs by the call, so the parts are rendered together."""

    subject: Template
    whole: Template
    """Subject, sentence and body, with separators between."""


class MailTemplates:
    """The notification slice's `Templates` port. A field a template names and a payload lacks is an error."""

    def __init__(self, unsubscribe: Unsubscribe | None = None) -> None:
        plain, escaped = _environment(autoescape=False), _environment(autoescape=True)
        self._layout = escaped.from_string((_FOLDER / "layout.html").read_text("utf-8"))
        self._unsubscribe = unsubscribe
        self._compiled: dict[tuple[str, Language], _Compiled] = {
            (path.stem, language): _compile(plain, path.read_text("utf-8"))
            for language in _LANGUAGES
            for path in sorted((_FOLDER / language).glob("*.txt"))
        }

    @property
    def names(self) -> tuple[str, ...]:
        """The messages there are templates for."""
        return tuple(sorted({name for name, _ in self._compiled}))

    def subject(self, notice: Notice, language: Language = "ko") -> str:
        """The subject line alone, for an unnamed reader. RefusedError when the payload does not fit."""
        template = self._template(notice.message_name, language).subject
        with _fitting(notice):
            return _subject(notice, language, template.render(_values(notice, "")))

    def words(self, delivery: Delivery, contact: Contact) -> Words:
        """All of it, in the language the user wants. RefusedError when the payload does not fit."""
        notice, language = delivery.notice, delivery.wishes.language
        url = None
        if notice.category == "marketing" and self._unsubscribe is not None:
            url = self._unsubscribe(notice.user_id, delivery.channel)
        values = _values(notice, contact.name)
        with _fitting(notice):
            rendered = self._template(notice.message_name, language).whole.render(values)
        line, short, text = rendered.split(_SEPARATOR, 2)
        subject = _subject(notice, language, line)
        refusal, refuse = _REFUSAL[language]
        html = self._layout.render(
            language=language,
            title=subject,
            paragraphs=list(_paragraphs(text)),
            unsubscribe_url=url,
            refusal=refusal,
            refuse=refuse,
        )
        if url is not None:
            text = f"{text.rstrip()}\n\n{refusal} {refuse}: {url}\n"
        return Words(subject, text, html, _one_line(short, _SHORT_CHARS_MAX), url)

    def _template(self, name: str, language: Language) -> _Compiled:
        try:
            return self._compiled[name, language]
        except KeyError:
            raise NotFoundError(f"nothing is said about {name!r}") from None


@contextmanager
def _fitting(notice: Notice) -> Iterator[None]:
    try:
        yield
    except (TemplateError, NotFoundError, TypeError, ValueError) as error:
        raise RefusedError(f"{notice.message_name} does not fit its template: {error}") from error


def _values(notice: Notice, name: str) -> dict[str, object]:
    payload = notice.payload
    title = payload.get("title", notice.subject)
    return {**payload, "name": _flat(name or payload.get("name", "")), "title": _flat(title)}


def _flat(text: object) -> str:
    return " ".join(str(text).split())


def _subject(notice: Notice, language: Language, line: str) -> str:
    if notice.category == "marketing":
        line = f"{_ADVERTISEMENT[language]} {line}"
    return _one_line(line, _SUBJECT_CHARS_MAX)


def _environment(*, autoescape: bool) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, autoescape=autoescape, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["won"] = _won
    return environment


def _compile(environment: ImmutableSandboxedEnvironment, source: str) -> _Compiled:
    head, _, body = source.partition("\n\n")
    subject, short = head.split("\n")
    subject, short = subject.removeprefix("Subject: "), short.removeprefix("Short: ")
    return _Compiled(
        environment.from_string(subject),
        environment.from_string(_SEPARATOR.join((subject, short, body))),
    )


def _paragraphs(text: str) -> Iterator[_Paragraph]:
    for paragraph in text.split("\n\n"):
        lines = paragraph.strip().split("\n")
        if lines == [""]:
            continue
        pairs = [line.partition(": ") for line in lines]
        if all(value and len(name) <= _FACT_NAME_CHARS_MAX for name, _, value in pairs):
            yield "", tuple((name, value) for name, _, value in pairs)
        else:
            yield "\n".join(lines), ()


def _one_line(text: str, chars_max: int) -> str:
    return " ".join(text.split())[:chars_max]


def _won(amount: int) -> str:
    """12,000원."""
    # The sum lets Jinja say which field is missing.
    return f"{amount + 0:,}원"
