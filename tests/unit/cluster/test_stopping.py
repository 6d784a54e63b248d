"""Ctrl-C ends what a run waits for and what it started; a program that hangs is ended, too."""

from __future__ import annotations

import sys
import threading

import pytest

from tiketi_sdk.cluster.programs import ProgramError, stream
from tiketi_sdk.cluster.stopping import Stop, StoppedError

FOR_EVER = [sys.executable, "-c", "print('there', flush=True); import time; time.sleep(600)"]


def test_what_is_waited_for_ends_when_it_is_said():
    stop = Stop()
    threading.Timer(0.01, stop.set).start()
    with pytest.raises(StoppedError):
        stop.pause(600)
    assert stop.is_set


def test_a_program_under_way_is_killed_when_it_is_said():
    stop = Stop()
    with pytest.raises(StoppedError):
        stream(FOR_EVER, lambda _line: stop.set(), stop=stop)


def test_one_that_begins_afterwards_is_killed_at_once():
    stop = Stop()
    stop.set()
    with pytest.raises(StoppedError):
        stream(FOR_EVER, print, stop=stop)


def test_a_program_that_does_not_end_is_ended():
    with pytest.raises(ProgramError, match="did not end within"):
        stream(FOR_EVER, print, timeout_s=0.3)
