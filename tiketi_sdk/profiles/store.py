"""A profile's credentials for a client; it knows no address and no other profile."""

import os
from typing import IO

from tiketi_sdk.config import Credentials
from tiketi_sdk.profiles.files import credentials_file, read_credentials, write_credentials
from tiketi_sdk.profiles.lock import IS_LOCKING, try_lock
from tiketi_sdk.profiles.profile import Profile
from tiketi_sdk.profiles.stored import is_at_home


class ProfileStore:
    """A profile's credentials for a client: shared with other processes, written back when they change."""

    def __init__(self, profile: Profile) -> None:
        self._name = profile.name
        self._held = profile.credentials
        # What is from the environment or from elsewhere is not the profile's: neither read it anew nor write it.
        self._on_disk = not os.environ.get("TIKETI_TOKEN") and is_at_home(profile)
        self._seen = self._stamp()
        self._lock: IO[bytes] | None = None

    def load(self) -> Credentials:
        if self._on_disk and (stamp := self._stamp()) != self._seen:
            self._held = read_credentials(self._name)
            self._seen = stamp
        return self._held

    def save(self, credentials: Credentials) -> None:
        self._held = credentials
        if self._on_disk:
            write_credentials(self._name, credentials)
            self._seen = self._stamp()

    def try_lock(self) -> bool:
        if not self._on_disk or not IS_LOCKING:
            return True
        self._lock = try_lock(self._name)
        return self._lock is not None

    def unlock(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            status = credentials_file(self._name).stat()
        except FileNotFoundError:
            return None
        return status.st_ino, status.st_mtime_ns, status.st_size
