"""The ports the sandboxes use unless told otherwise; they refuse nothing and bind only to loopback."""

from typing import Final

LOOPBACK: Final = "127.0.0.1"
TOSS_PORT: Final = 3090
"""The card gateway's REST API."""
SMTP_PORT: Final = 3091
"""Where mail is handed in."""
MAILBOX_PORT: Final = 3092
"""Where mail is read, by people (`/`) and programs (`/api/messages`)."""
GOOGLE_PORT: Final = 3093
"""Where people log in as if with Google, and the platform trades their codes."""
S3_PORT: Final = 3094
"""Where images are kept by platforms of several machines; one on a single machine keeps them in a folder."""
S3_BUCKET: Final = "tiketi-images"
"""The one bucket there is."""
GOOGLE_CLIENT_ID: Final = "tiketi-sandbox.apps.googleusercontent.test"
"""This platform, as the sandbox Google knows it."""
GOOGLE_CLIENT_SECRET: Final = "tiketi_sandbox_google"  # noqa: S105 - as below
"""The client's secret unless told otherwise."""
TOSS_SECRET_KEY: Final = "test_sk_tiketi_sandbox"  # noqa: S105 - opens a sandbox on loopback
"""The secret key of the sandbox gateway; a test key, as its prefix says, and worth nothing elsewhere."""
