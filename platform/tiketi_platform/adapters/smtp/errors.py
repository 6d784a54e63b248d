"""Why a mail was not handed over; refuses any outcome between "later" and "never"."""


class MailError(Exception):
    """A mail was not handed over.

    ├── MailDeferredError          try again later, with the same Message-ID
    │   └── MailUnreachableError   later: no server takes anything of ours, and this mail was not handed over
    └── MailRefusedError           never: this address or this content is not taken
    """

    def __init__(self, detail: str, *, smtp_code: int | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.smtp_code = smtp_code
        """The server's three-digit answer; None when it gave none (no connection, no answer)."""


class MailDeferredError(MailError):
    """The server did not take the mail now, or did not say; it may even have it (same Message-ID then)."""


class MailUnreachableError(MailDeferredError):
    """No server for us: it does not answer, or will not talk to us. The mail was not handed over."""


class MailRefusedError(MailError):
    """The server will not take this mail, however often it is offered."""
