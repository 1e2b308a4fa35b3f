"""What cannot come any more is not waited for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.doubles import MemoryHost, Recorder, check, engine, stage
from wizard.check import CheckFailedError
from wizard.mail import conversation
from wizard.mail.message import ProbeMessage
from wizard.scene import Scene
from wizard.stages import proof
from wizard.stages.postfix import checks
from wizard.trace.passage import Passages

MESSAGE = ProbeMessage("<mwz_1.1@local.edu>", "a probe", "ann@local.edu", "bob@local.edu", b"")


def scene(root: Path) -> Scene:
    here = stage(1, check())
    return engine(root, (here,)).scene(here)


@pytest.fixture
def _ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Passages, "ended", lambda _self, _message: "not bob@local.edu: bounced: no")


@pytest.mark.usefixtures("_ended")
def test_a_message_that_has_ended_ends_the_waiting_with_its_evidence(tmp_path: Path) -> None:
    with pytest.raises(CheckFailedError) as failed:
        proof.seen(scene(tmp_path), lambda: None, what="an answer", message=MESSAGE)
    assert failed.value.evidence[1].startswith("waiting ended after 0.")
    assert failed.value.evidence[1].endswith("in vain: not bob@local.edu: bounced: no")
    assert failed.value.diagnosis is None


@pytest.mark.usefixtures("_ended")
def test_the_end_may_be_what_is_waited_for(tmp_path: Path) -> None:
    looks = iter([None, "HOLD"])
    assert proof.seen(scene(tmp_path), lambda: next(looks), what="a decision", message=MESSAGE) == "HOLD"


@pytest.mark.usefixtures("_ended")
def test_what_no_message_brings_about_is_waited_for(tmp_path: Path) -> None:
    looks = iter([None, None, "it"])
    assert proof.patiently(scene(tmp_path), lambda: next(looks), lambda: ("not there",)) == "it"


def test_mail_that_is_handed_to_sendmail_is_followed_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def arrived(*_: object, **__: object) -> None:
        raise CheckFailedError("nothing came")

    monkeypatch.setattr(proof, "arrived", arrived)
    here = stage(1, check())
    host = MemoryHost(commands={"useradd": lambda _: "", conversation.SENDMAIL: lambda _: ""})
    found = engine(tmp_path, (here,), host).scene(here)
    with pytest.raises(CheckFailedError):
        checks.sendmail(found)
    assert isinstance(found.emit, Recorder)
    assert found.emit.of("probe.sent")
