"""A daemon that dies at its start is told on its fatal line and master's throttling, and not once it works again."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.unit.doubles import MemoryHost, check, engine, stage
from wizard import causes
from wizard.causes import Ground, startup
from wizard.check import CheckFailedError
from wizard.diagnosis import Diagnosis
from wizard.facts import postfix_log
from wizard.stages import proof, vain

NOW = datetime(2026, 11, 22, 19, 0, tzinfo=UTC)
FATAL = "smtpd[1695]: fatal: bad boolean configuration: smtpd_helo_required = maybe"
ENDED = "master[1425]: warning: process /usr/lib/postfix/sbin/smtpd pid 1695 exit status 1"
THROTTLED = "master[1425]: warning: /usr/lib/postfix/sbin/smtpd: bad command startup -- throttling"
RELOADED = "master[1425]: reload -- version 3.7.11, configuration /etc/postfix"
STARTED = "master[1900]: daemon started -- version 3.7.11, configuration /etc/postfix"
WORKS = "smtpd[1700]: connect from unknown[127.0.0.1]"
OTHER = "qmgr[1701]: 4jXd9j6lwsz19J: removed"


def told(root: Path, *lines: str) -> list[Diagnosis]:
    said = [f"Nov 22 18:37:01 mail postfix/{line}" for line in lines]
    here = stage(1, check())
    host = MemoryHost(commands={"postconf": lambda _: "queue_directory = /q\n"})
    ground = Ground(engine(root, (here,), host).scene(here))
    vars(ground).update(postfix_lines=postfix_log.parse(said, now=NOW, zone=UTC))
    return list(causes.found(ground, startup.CAUSES))


def test_the_cause_has_the_fatal_line(tmp_path: Path) -> None:
    (found,) = told(tmp_path, STARTED, FATAL, ENDED, THROTTLED, RELOADED, OTHER)
    assert "smtpd says 'bad boolean configuration: smtpd_helo_required = maybe'" in found.cause
    assert len(found.evidence) == 2


@pytest.mark.parametrize(
    "lines",
    [
        (FATAL,),
        (ENDED, THROTTLED),
        (FATAL, THROTTLED),
        (FATAL, ENDED, THROTTLED, STARTED),
        (FATAL, ENDED, THROTTLED, WORKS),
        (FATAL, ENDED.replace("1695", "1"), THROTTLED),
    ],
    ids=["not throttled", "nothing fatal", "another reason", "started anew", "at work again", "another process"],
)
def test_what_does_not_show_it(tmp_path: Path, lines: tuple[str, ...]) -> None:
    assert told(tmp_path, *lines) == []


def test_nobody_waits_for_a_greeting_that_will_not_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, release = stage(1, check()), threading.Event()
    known = Diagnosis("MW117", "A daemon dies", "the cause", "the fix", ("a command",))
    monkeypatch.setattr(causes, "standing", lambda *_: (known,))
    monkeypatch.setattr(vain, "FIRST", 0.0)
    monkeypatch.setattr(vain, "EVERY", 0.0)
    try:
        with pytest.raises(CheckFailedError) as failed:
            proof.answered(engine(tmp_path, (here,)).scene(here), lambda: release.wait(30), lambda: "no greeting")
    finally:
        release.set()
    assert failed.value.diagnosis == known


def test_an_answer_and_an_error_are_passed_on(tmp_path: Path) -> None:
    here = stage(1, check())
    scene = engine(tmp_path, (here,)).scene(here)
    assert proof.answered(scene, lambda: 220, lambda: "") == 220
    with pytest.raises(OSError, match="refused"):
        proof.answered(scene, lambda: (_ for _ in ()).throw(OSError("refused")), lambda: "")
