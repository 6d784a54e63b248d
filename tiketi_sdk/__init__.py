"""The Python client of tiketi: `from tiketi_sdk import AsyncTiketi, Tiketi, errors`.

Names are looked up when first used, so that a server reading `tiketi_sdk.contract` imports no client.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tiketi_sdk import contract, errors
    from tiketi_sdk._sync.client import Tiketi
    from tiketi_sdk._sync.paging import Listing
    from tiketi_sdk._sync.transport import Transport
    from tiketi_sdk.client import AsyncTiketi
    from tiketi_sdk.config import Config, Credentials, CredentialStore, Limits, Timeouts
    from tiketi_sdk.paging import AsyncListing
    from tiketi_sdk.profiles import Profile, load_profile, save_profile
    from tiketi_sdk.retries import RetryPolicy
    from tiketi_sdk.transport import AsyncTransport

    __version__: str

__all__ = [
    "AsyncListing",
    "AsyncTiketi",
    "AsyncTransport",
    "Config",
    "CredentialStore",
    "Credentials",
    "Limits",
    "Listing",
    "Profile",
    "RetryPolicy",
    "Tiketi",
    "Timeouts",
    "Transport",
    "__version__",
    "contract",
    "errors",
    "load_profile",
    "save_profile",
]

_HOME_OF = {
    "AsyncListing": "paging",
    "AsyncTiketi": "client",
    "AsyncTransport": "transport",
    "Config": "config",
    "CredentialStore": "config",
    "Credentials": "config",
    "Limits": "config",
    "Listing": "_sync.paging",
    "Profile": "profiles",
    "RetryPolicy": "retries",
    "Tiketi": "_sync.client",
    "Timeouts": "config",
    "Transport": "_sync.transport",
    "load_profile": "profiles",
    "save_profile": "profiles",
}


def __getattr__(name: str) -> object:
    if name in {"contract", "errors"}:
        return import_module(f"{__name__}.{name}")
    if name == "__version__":
        from importlib.metadata import version

        return version("tiketi")
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
