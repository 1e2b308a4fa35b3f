"""What cannot come any more is not waited for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.doubles import check, engine, stage
from wizard.check import CheckFailedError
from wizard.mail.message import ProbeMessage
from wizard.scene import Scene
from wizard.stages import proof
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
