"""What is told of a run's messages while they are waited for, and that each line of the log is read once."""

from __future__ import annotations

from pathlib import Path

from tests.unit.doubles import MemoryHost, Recorder
from tests.unit.facts.recorded import recording
from wizard.logs import Logs
from wizard.mail.message import ProbeMessage
from wizard.site import Site
from wizard.trace.passage import FOLLOWED, Passages

MESSAGE = "<plain-1@local.edu>"


def message(message_id: str = MESSAGE) -> ProbeMessage:
    return ProbeMessage(message_id, "a probe", "ann@local.edu", "bob@local.edu", b"")


class Scene:
    """A machine whose Postfix writes to a file, of which nothing was written yet."""

    def __init__(self, root: Path) -> None:
        self.log = root / "mail.log"
        self.log.touch()
        said = f"maillog_file = {self.log}\nsyslog_name = postfix\n"
        self.host = MemoryHost(commands={"postconf": lambda _: said})
        self.logs = Logs.begin(self.host)
        self.emit = Recorder()
        self.passages = Passages(self.host, Site(), self.logs, self.emit)

    def write(self, text: str) -> None:
        with self.log.open("a") as file:
            file.write(text)

    @property
    def hops(self) -> list[tuple[object, object]]:
        return [(data["hop"], data["state"]) for data in self.emit.of("probe.hop")]


def test_each_hop_is_told_once(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.passages.sent(message())
    scene.passages.look(now=True)
    assert scene.hops == []
    scene.write(recording("postfix.log"))
    scene.passages.look(now=True)
    assert scene.hops == [("entry", "passed"), ("mailbox", "passed")]
    scene.passages.look(now=True)
    assert len(scene.hops) == 2
    assert [data["to"] for data in scene.emit.of("probe.sent")] == ["bob@local.edu"]


def test_it_does_not_look_too_often(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.passages.sent(message())
    scene.passages.look()
    scene.write(recording("postfix.log"))
    scene.passages.look()
    assert scene.hops == []


def test_only_the_newest_are_followed(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.passages.sent(message())
    for number in range(FOLLOWED):
        scene.passages.sent(message(f"<later-{number}@local.edu>"))
    scene.write(recording("postfix.log"))
    scene.passages.look(now=True)
    assert scene.hops == []


def test_a_log_that_is_gone_is_no_matter(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.passages.sent(message())
    scene.write("x\n")
    scene.log.unlink()
    scene.passages.look(now=True)
    assert scene.hops == []


def test_a_line_is_read_once_however_often_somebody_looks(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    lines = recording("postfix.log").splitlines(keepends=True)
    scene.write("".join(lines[:10]))
    first = scene.logs.postfix()
    scene.write("".join(lines[10:]))
    every = scene.logs.postfix()
    assert every[: len(first)] == first
    assert all(one is other for one, other in zip(first, every, strict=False))
    assert every == Logs.begin(scene.host).postfix() + every
    assert len(every) == len(recording("postfix.log").splitlines())
