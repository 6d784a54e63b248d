"""The administrator of the platform in the cluster, by the password in its Secret. Makes no account."""

from typing import Final

from tiketi_sdk._sync.client import Tiketi
from tiketi_sdk.cluster.site import Site
from tiketi_sdk.config import Config, MemoryStore, service_urls
from tiketi_sdk.errors import ClusterError, TiketiError

ADMIN_EMAIL: Final = "admin@tiketi.test"
ADMIN_SECRET: Final = "tiketi-auth"  # noqa: S105  # the name of a Secret
ADMIN_KEY: Final = "admin-password"


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
