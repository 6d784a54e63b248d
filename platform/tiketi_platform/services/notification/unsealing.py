"""Opens the token of a reset mail when the mail is written, and not before: our books hold it sealed."""

from dataclasses import replace
from typing import Final

from tiketi_core.notification.errors import RefusedError
from tiketi_core.notification.model import Contact, Delivery, Language, Notice, Words
from tiketi_core.notification.ports import Templates
from tiketi_platform.adapters.tokens.reset_seal import ResetSeal, SealBrokenError

RESET: Final = "user.password_reset_requested"


class UnsealingTemplates:
    """The `Templates` port around another one, for those who send."""

    def __init__(self, templates: Templates, seal: ResetSeal) -> None:
        self._templates = templates
        self._seal = seal

    def subject(self, notice: Notice, language: Language) -> str:
        """One line; it names no token."""
        return self._templates.subject(notice, language)

    def words(self, delivery: Delivery, contact: Contact) -> Words:
        """All of it; raises RefusedError for a token that was not sealed for us."""
        notice = delivery.notice
        if notice.message_name == RESET and "token" in notice.payload:
            try:
                token = self._seal.open(str(notice.payload["token"]))
            except SealBrokenError as error:
                raise RefusedError("the token was not sealed for us") from error
            payload = {**notice.payload, "token": token}
            delivery = replace(delivery, notice=replace(notice, payload=payload))
        return self._templates.words(delivery, contact)
