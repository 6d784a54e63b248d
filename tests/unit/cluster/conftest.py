"""A Kubernetes API of kmock's, and our client of it; calls go through a thread, since kmock serves on the test's loop."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Iterator

import pytest
from kubernetes import client as k8s

from tiketi_sdk.cluster.kube import Kube


@pytest.fixture
def kube(kmock) -> Iterator[Kube]:
    """A client of the mocked API, in namespace `tiketi`."""
    with warnings.catch_warnings():
        # It reads its own file by a function that Python deprecated and took back.
        warnings.simplefilter("ignore", DeprecationWarning)
        kmock.resources.load_bundled()
    configuration = k8s.Configuration()
    configuration.host = str(kmock.url).rstrip("/")
    configuration.proxy = None
    with Kube(k8s.ApiClient(configuration), namespace="tiketi") as opened:
        yield opened


@pytest.fixture
def apart():
    """Runs a blocking call beside the loop: `await apart(function, …)`."""
    return asyncio.to_thread
