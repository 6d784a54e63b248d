"""Finds a service's spec by name, importing only the services that this process runs."""

from importlib import import_module
from typing import TYPE_CHECKING

from tiketi_sdk.contract.services import SERVICES

if TYPE_CHECKING:
    from tiketi_platform.framework.spec import AnySpec

NAMES = tuple(SERVICES)


def spec_of(name: str) -> "AnySpec":
    """The spec of a service; KeyError for a name that is none."""
    if name not in SERVICES:
        raise KeyError(name)
    spec: AnySpec = import_module(f"tiketi_platform.services.{name}.spec").SPEC
    return spec
