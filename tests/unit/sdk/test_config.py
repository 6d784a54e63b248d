"""Addresses of services from one base URL, a mapping or the environment."""

from __future__ import annotations

import pytest

from tiketi_sdk import AsyncTiketi, Config, errors
from tiketi_sdk.config import environment_urls, service_urls


def test_this_machine_by_default():
    urls = Config().urls
    assert urls["auth"] == "http://127.0.0.1:3001"
    assert urls["notification"] == "http://127.0.0.1:3006"
    assert len(urls) == 6


@pytest.mark.parametrize(
    ("base_url", "queue"),
    [
        ("http://box", "http://box:3003"),
        ("http://[::1]/", "http://[::1]:3003"),
        ("http://box/tickets/", "http://box:3003/tickets"),
        ("http://box:8080", "http://box:8080"),
        ("https://tickets.example/", "https://tickets.example"),
    ],
)
def test_a_base_url(base_url, queue):
    assert service_urls(base_url)["queue"] == queue


def test_overrides():
    urls = service_urls("http://box", {"queue": "http://other:9/"})
    assert (urls["queue"], urls["auth"]) == ("http://other:9", "http://box:3001")


@pytest.mark.parametrize(
    "base_url", ["", "box", "ftp://box", "http://", "http://box:99999", "http://box?x=1"]
)
def test_what_is_no_base_url(base_url):
    with pytest.raises(errors.ConfigError):
        service_urls(base_url)


def test_an_unknown_service():
    with pytest.raises(errors.ConfigError):
        service_urls(overrides={"kueue": "http://box"})
    with pytest.raises(errors.ConfigError):
        Config().url_of("kueue")


def test_the_environment():
    assert environment_urls({}) is None
    assert environment_urls({"TIKETI_URL": "http://box"}) == service_urls("http://box")
    one = environment_urls({"TIKETI_URL_QUEUE": "http://other:9"})
    assert one is not None
    assert (one["queue"], one["auth"]) == ("http://other:9", "http://127.0.0.1:3001")


def test_contradicting_arguments():
    with pytest.raises(errors.ConfigError):
        AsyncTiketi("http://box", config=Config())
