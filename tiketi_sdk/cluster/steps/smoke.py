"""The platform tried from outside: six services answer on their ports, and its administrator can log in."""

import time
from typing import Final

from tiketi_sdk._sync.client import Tiketi
from tiketi_sdk.cluster.admin import ADMIN_EMAIL, administrator
from tiketi_sdk.cluster.health import silent_services
from tiketi_sdk.cluster.site import Site
from tiketi_sdk.cluster.step import Standing, Tell
from tiketi_sdk.config import Config, service_urls
from tiketi_sdk.errors import ClusterError, TiketiError
from tiketi_sdk.profiles import Profile, ProfileStore, list_profiles, load_profile, save_profile

ANSWER_S: Final = 60.0
_POLL_S: Final = 0.3


class SmokeStep:
    """All six ready and the cluster's profile logged in."""

    name = "smoke"
    title = "Smoke test"
    needs = ("services",)

    def __init__(self, site: Site) -> None:
        self._site = site

    def check(self) -> Standing:
        silent = silent_services()
        if silent:
            return Standing(done=False, note=f"no answer from {', '.join(silent)}")
        if not _profile_works(self._site.settings.profile):
            return Standing(
                done=False, note=f"profile {self._site.settings.profile} is not logged in"
            )
        return Standing(
            done=True,
            note=f"six services answer; profile {self._site.settings.profile} is logged in",
        )

    def apply(self, tell: Tell) -> str:
        deadline_s = time.monotonic() + ANSWER_S
        while silent := silent_services():
            if time.monotonic() > deadline_s:
                raise ClusterError(
                    f"Pods are ready, and yet nobody answers here: {', '.join(silent)}",
                    cure="tiketi cluster doctor",
                )
            tell(f"waiting for {', '.join(silent)}")
            self._site.stop.pause(_POLL_S)
        tell("logging in")
        log_in(self._site)
        return f"six services answer; profile {self._site.settings.profile} is logged in"


def log_in(site: Site) -> None:
    """Log the administrator in and keep the session as the cluster's profile."""
    with administrator(site) as client:
        client.events.list(limit=1)
        profile = Profile(name=site.settings.profile, urls=service_urls(), email=ADMIN_EMAIL)
        save_profile(profile.with_credentials(client.credentials))


def _profile_works(name: str) -> bool:
    if name not in list_profiles():
        return False
    store = ProfileStore(load_profile(name))
    try:
        with Tiketi(config=Config(urls=service_urls()), credentials=store) as client:
            client.auth.me()
    except TiketiError:
        return False
    return True
