"""What may go wrong while engines and processes are started and stopped.

These errors are for the person at the terminal: each message says what to do next. They never
travel over the wire and have no code of the contract.
"""

from __future__ import annotations


class LaunchError(Exception):
    """The platform could not be started or stopped on this machine."""


class EngineError(LaunchError):
    """A database engine did not start, died while starting, or did not answer in time."""


class BinaryMissingError(EngineError):
    """No binary of the engine is installed for this machine."""


class StoreMissingError(LaunchError):
    """PostgreSQL or Redis did not come within the time a start waits for it."""


class PortTakenError(LaunchError):
    """Another process listens on a port the platform needs; the message names it."""


class FolderInUseError(LaunchError):
    """Another `tiketi up` works on the same data folder."""


class ForeignFolderError(LaunchError):
    """The data folder belongs to another user of this machine."""


class RecordError(LaunchError):
    """A file of the data folder is not what this version wrote; nothing was changed."""


class ChildError(LaunchError):
    """A service process kept dying, or never became ready; the message names its log."""


class StillRunningError(LaunchError):
    """Processes of the platform survived every signal; the message names them."""
