"""Renders mails from `mail/<message>.txt`: a subject line, a blank line, paragraphs; HTML follows from those."""

from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from tiketi_core.notification.model import Contact, Notice

_FOLDER: Final = Path(__file__).parent / "mail"
_SUBJECT_CHARS_MAX: Final = 200


class MailTemplates:
    """The notification slice's `Templates` port. A field a template names and a payload lacks is an error."""

    def __init__(self) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(_FOLDER),
            undefined=StrictUndefined,
            autoescape=select_autoescape(["html"]),
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.filters["won"] = _won
        self._layout = self._environment.get_template("layout.html")

    def subject(self, notice: Notice) -> str:
        """The first line; what a person wrote brings its own."""
        if notice.subject:
            return notice.subject
        first = self._text(notice, name="").partition("\n")[0]
        return first.removeprefix("Subject:").strip()[:_SUBJECT_CHARS_MAX]

    def bodies(self, notice: Notice, contact: Contact) -> tuple[str, str]:
        """Plain text and HTML."""
        text = self._text(notice, name=contact.name).partition("\n\n")[2]
        paragraphs = [paragraph.strip() for paragraph in text.split("\n\n") if paragraph.strip()]
        html = self._layout.render(title=notice.subject, paragraphs=paragraphs)
        return text, html

    def _text(self, notice: Notice, *, name: str) -> str:
        template = self._environment.get_template(f"{notice.message_name}.txt")
        return template.render(notice.payload, name=name, subject=notice.subject)


def _won(amount: int) -> str:
    """12,000원."""
    return f"{amount:,}원"
