"""The platform tried from outside: six services answer on their ports, and its administrator can log in."""

import json
import time
import urllib.request
from typing import Any, Final

from tiketi_sdk._sync.client import Tiketi
from tiketi_sdk.cluster.settings import PROFILE
from tiketi_sdk.cluster.site import Site
from tiketi_sdk.cluster.step import Standing, Tell
from tiketi_sdk.config import Config, MemoryStore, service_urls
from tiketi_sdk.errors import ClusterError, TiketiError
from tiketi_sdk.profiles import Profile, ProfileStore, list_profiles, load_profile, save_profile

ANSWER_S: Final = 60.0
_ASK_S: Final = 3.0
_POLL_S: Final = 0.3
ADMIN_EMAIL: Final = "admin@tiketi.test"
ADMIN_SECRET: Final = "tiketi-auth"  # noqa: S105  # the name of a Secret
ADMIN_KEY: Final = "admin-password"


class SmokeStep:
    """All six ready and the profile `local-cluster` logged in."""

    name = "smoke"
    title = "Smoke test"
    needs = ("services",)

    def __init__(self, site: Site) -> None:
        self._site = site

    def check(self) -> Standing:
        silent = silent_services()
        if silent:
            return Standing(done=False, note=f"no answer from {', '.join(silent)}")
        if not _profile_works():
            return Standing(done=False, note=f"profile {PROFILE} is not logged in")
        return Standing(done=True, note=f"six services answer; profile {PROFILE} is logged in")

    def apply(self, tell: Tell) -> str:
        deadline_s = time.monotonic() + ANSWER_S
        while silent := silent_services():
            if time.monotonic() > deadline_s:
                raise ClusterError(
                    f"Pods are ready, and yet nobody answers here: {', '.join(silent)}",
                    cure="tiketi cluster doctor",
                )
            tell(f"waiting for {', '.join(silent)}")
            time.sleep(_POLL_S)
        tell("logging in")
        log_in(self._site)
        return f"six services answer; profile {PROFILE} is logged in"


def health(url: str, path: str = "/health/ready") -> dict[str, Any] | None:
    """What a service says about itself; None while it is not ready or nobody answers."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{url}{path}", timeout=_ASK_S) as answer:
            body = json.load(answer)
    except (OSError, ValueError):
        return None
    return body if isinstance(body, dict) else None


def silent_services() -> list[str]:
    """Those of the six that are not ready, asked on this machine's ports."""
    return [name for name, url in service_urls().items() if health(url) is None]


def admin_password(site: Site) -> str:
    """The administrator's password, from the cluster's Secret."""
    values = site.kube.secret(ADMIN_SECRET) or {}
    if ADMIN_KEY not in values:
        raise ClusterError("the cluster has no administrator's password", cure="tiketi cluster up")
    return values[ADMIN_KEY]


def administrator(site: Site) -> Tiketi:
    """A client of the cluster's platform, logged in as its administrator; the caller closes it."""
    client = Tiketi(config=Config(urls=service_urls()), credentials=MemoryStore())
    try:
        client.auth.login(email=ADMIN_EMAIL, password=admin_password(site))
    except BaseException as error:  # whatever it is: what was opened is closed, then it goes on
        client.close()
        if isinstance(error, TiketiError) and not isinstance(error, ClusterError):
            told = f"the administrator cannot log in: {error}"
            raise ClusterError(told, cure="tiketi cluster logs auth") from error
        raise
    return client


def log_in(site: Site) -> None:
    """Log the administrator in and keep the session as the profile `local-cluster`."""
    with administrator(site) as client:
        client.events.list(limit=1)
        profile = Profile(name=PROFILE, urls=service_urls(), email=ADMIN_EMAIL)
        save_profile(profile.with_credentials(client.credentials))


def _profile_works() -> bool:
    if PROFILE not in list_profiles():
        return False
    store = ProfileStore(load_profile(PROFILE))
    try:
        with Tiketi(config=Config(urls=service_urls()), credentials=store) as client:
            client.auth.me()
    except TiketiError:
        return False
    return True
