"""One trainee's session: a lab of their own, begun, resumed, reset, and kept when they leave.

The session is a process outside of the lab, which ends with it, however it is killed. The trainee's program runs in the
lab, and says by its exit code what it wants of the session; what was done is told to the journal, of which only the
appending end is handed into the lab.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import IO, Any

import psutil

import wizard
from wizard import atomic, program, version
from wizard.controls import ALIVE
from wizard.errors import CommandError, RefusedError, WizardError
from wizard.i18n import _
from wizard.lab import Lab, Progress, Recipe
from wizard.lab.namespace import Namespace
from wizard.printable import printable
from wizard.training import briefing, progress
from wizard.training.briefing import PLACE, Ask, Briefing
from wizard.training.course import SERVER, Course, Lesson
from wizard.training.drill import Chosen
from wizard.training.progress import DRILL, HERE, LESSON, Journal
from wizard.training.turn import Turn, waiting

KEPT = "kept"
STEP_LIMIT = 900.0
"""Seconds that making a server may take, on a machine where ten do so at once."""
_FACES = frozenset({"cli.py", "commands", "desk", "i18n.py", "screens"})
"""Parts of the program that have no say in how a server is set up."""
INSIDE = (sys.executable, "-P", "-m", "wizard.training.inside")
Given = Lesson | Chosen


@dataclass
class Server:
    """A lab with a server in it, which may still be starting."""

    of: Given
    lab: Lab
    said: dict[str, Any]
    """What there was before it was broken, once it works."""
    _starting: subprocess.Popen[bytes]
    _output: IO[bytes]

    @classmethod
    def begin(
        cls,
        given: Given,
        turn: int,
        progress: Progress | None,
        *,
        above: Path | None = None,
        running: int | None = None,
    ) -> Server:
        """Begin to start one.

        Args:
            given: what for.
            turn: as `Turn.take` gave it; it is held until the server works.
            progress: told about layers that are made.
            above: what was kept of the lab before; the faults are in it then.
            running: the services that are to run, as `Kept` has them; those of the lesson's start, if it is None.

        Raises:
            RefusedError: the machine cannot hold a lab.
            WizardError: its server could not be made.
        """
        stages = given.base if isinstance(given, Lesson) else SERVER
        faults = [given.begin] if isinstance(given, Lesson) else [each.fault for each in given.drills]
        since = given.stage if isinstance(given, Lesson) else 1
        place = Lab.start(recipe=recipe(stages), above=above, progress=progress)
        output = tempfile.TemporaryFile()  # noqa: SIM115 (closed by `stop`)
        words = [
            *INSIDE,
            "start",
            str(stages if running is None else running),
            str(since),
            *(each for each in faults if each and above is None),
        ]
        return cls(given, place, {}, place.background(words, output, (turn,)), output)

    def wait(self) -> None:
        """Wait until it works.

        Raises:
            CommandError: it does not; the message says why.
        """
        try:
            code = self._starting.wait(STEP_LIMIT)
        except subprocess.TimeoutExpired:
            raise CommandError(f"the training server did not come up within {STEP_LIMIT:g} seconds") from None
        self._output.seek(0)
        text = self._output.read().decode("utf-8", "replace")
        if code != 0:
            raise CommandError(f"the training server did not come up: {printable(text.strip())}")
        self.said = json.loads(text)

    def stop(self) -> None:
        """End it."""
        self.lab.stop()
        self._starting.wait()
        self._output.close()


@dataclass(frozen=True, slots=True)
class Kept:
    """What was kept of a lab when its trainee left."""

    name: str
    """The lesson's."""
    recipe: str
    """What the lab was made on; kept changes fit nothing else."""
    briefing: str
    running: int
    """The services that ran: 0 none, 1 Postfix, 2 Mailman too."""


@dataclass
class Session:
    """One trainee's session."""

    home: Path
    """The trainee's directory of this course."""
    course: Course
    trainee: str
    language: str
    tell: Callable[[str], None]
    """Says what is waited for."""
    face: Sequence[str] = ()
    """Options for the program in the lab."""
    progress: Progress | None = None
    """Told about layers that are made."""
    spare: Server | None = None
    """A second one of what is on, ready for a reset, while the machine has the memory for it."""
    _ending: list[Server] = field(default_factory=list)

    def run(self, given: Given, *, anew: bool = False) -> int:
        """Give a lesson or a drill, and those that follow, until the trainee leaves; returns the last exit code.

        Args:
            given: where to begin.
            anew: whether to begin it from its start, also if it was left in the middle.

        Raises:
            RefusedError: this trainee's session is on already, or the machine cannot hold a lab.
            WizardError: the lesson's server could not be made.
        """
        with alive(self.home):
            journal = Journal.open(self.home)
            try:
                return self._run(given, journal, anew=anew)
            finally:
                journal.close()
                if self.spare is not None:
                    self.spare.stop()
                self._end()
                self._remember()

    def _run(self, given: Given, journal: Journal, *, anew: bool) -> int:
        reset = False
        while True:
            code = self._once(given, journal, anew=anew, reset=reset)
            self._remember()
            anew = reset = code == Ask.RESET
            if code == Ask.NEXT and isinstance(given, Lesson) and (after := self._after(given)):
                given = after
            elif not reset:
                return code

    def _after(self, lesson: Lesson) -> Lesson | None:
        number = self.course.number(lesson)
        return self.course.lessons[number] if number < len(self.course.lessons) else None

    def _once(self, given: Given, journal: Journal, *, anew: bool, reset: bool) -> int:
        kept = None if anew else self._kept(given)
        server = self._lab(given, kept)
        staging, code = None, int(Ask.LEAVE)
        try:
            told = self._brief(given, kept, server)
            if kept is None:
                told = replace(told, begun=datetime.now(UTC).isoformat(timespec="milliseconds"))
                what = {"level": told.level, "seed": told.seed, "faults": list(told.faults)} if told.faults else {}
                kind = DRILL if told.exam == "drill" else LESSON
                journal("begun", name=told.name, what=kind, reset=reset, **what)
            _put(server.lab, told)
            self._here(server.lab, told)
            if room() and (turn := self.turn.take(wait=False)) is not None:
                try:
                    self.spare = Server.begin(given, turn, self.progress)
                finally:
                    os.close(turn)
            code = self._attached(server.lab, journal)
            journal("left", code=code)
            if code not in {Ask.RESET, Ask.NEXT} and isinstance(given, Lesson):
                staging = self._keep(server.lab, given, told)
        finally:
            # Of a reset, the lab ends while the next one is shown already; what is kept may be below any other.
            server.lab.release()
            self._ending.append(server)
            if self.spare is None or code != Ask.RESET:
                self._end()
        if code != Ask.RESET and isinstance(given, Lesson):
            self._replace_kept(staging)
        return code

    def _end(self) -> None:
        while self._ending:
            self._ending.pop().stop()

    def _attached(self, place: Lab, journal: Journal) -> int:
        fd = os.dup(journal.fd)  # without close-on-exec: the program in the lab inherits it
        os.set_inheritable(fd, True)  # noqa: FBT003 (its only argument)
        try:
            with self.turn.handed() as turn:
                return place.attach([program.own(), "train", "--inside", str(fd), str(turn), *self.face])
        finally:
            os.close(fd)

    def _replace_kept(self, staging: Path | None) -> None:
        shutil.rmtree(self.home / KEPT, ignore_errors=True)
        if staging is not None:
            staging.rename(self.home / KEPT)

    def _lab(self, given: Given, kept: Kept | None) -> Server:
        """Give a lab whose services work, and that has the faults: the spare one, or one that is made now."""
        spare, self.spare = self.spare, None
        fits = spare is not None and spare.of == given and kept is None
        if spare is not None and not fits:
            spare.stop()
        if spare is None or not fits:
            spare = self._begun(given, kept)
        try:
            self.tell(_("the server starts …"))
            spare.wait()
        except BaseException:
            spare.stop()
            raise
        return spare

    def _begun(self, given: Given, kept: Kept | None) -> Server:
        turn = self.turn.take(wait=False)
        if turn is None:
            self.tell(waiting())
            turn = self.turn.take()
        assert turn is not None
        try:
            if kept is None:
                return Server.begin(given, turn, self.progress)
            return Server.begin(given, turn, self.progress, above=self.home / KEPT, running=kept.running)
        finally:
            os.close(turn)

    @property
    def turn(self) -> Turn:
        """What lets the servers of this machine start and be checked one at a time."""
        return Turn(self.home.parent.parent / "turn")

    def _brief(self, given: Given, kept: Kept | None, server: Server) -> Briefing:
        if not isinstance(given, Lesson):
            return replace(briefing.of_drill(self.course, given, self.trainee, self.language), **server.said)
        told = briefing.of_lesson(self.course, given, self.trainee, self.language)
        done = progress.load(self.home)[0].done.get(told.name)
        if done is not None:
            told = replace(told, hinted=done.hints, shown=done.shown, passed=bool(done.passed))
        return replace(told, begun=Briefing.load(kept.briefing).begun) if kept else told

    def _kept(self, given: Given) -> Kept | None:
        """Tell what was kept of a lesson; nothing if it does not fit any more."""
        try:
            kept = Kept(**json.loads((self.home / KEPT / HERE).read_bytes()))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError):
            self.tell(_("what was kept of the lab is damaged: the lesson begins from its start"))
            return None
        if not isinstance(given, Lesson) or kept.name != given.folder:
            return None
        if kept.recipe != recipe(given.base).key:
            self.tell(_("the machine or the program has changed since: the lesson begins from its start"))
            return None
        self.tell(_("going on where you left"))
        return kept

    def _keep(self, place: Lab, lesson: Lesson, told: Briefing) -> Path | None:
        """Keep what the trainee has done in the lab; where that fails, the lesson begins anew the next time."""
        staging = self.home / f".{KEPT}"
        shutil.rmtree(staging, ignore_errors=True)
        self.tell(_("the lab is kept for the next time …"))
        try:
            running = _running(place)
            place.run([*INSIDE, "stop"], limit=STEP_LIMIT).require()
            place.save(staging)
            kept = Kept(lesson.folder, recipe(lesson.base).key, told.dump(), running)
            content = json.dumps(asdict(kept)).encode()
            atomic.replace(staging / HERE, content, mode=0o600, uid=os.geteuid(), gid=os.getegid())
        except (CommandError, OSError) as error:
            shutil.rmtree(staging, ignore_errors=True)
            self.tell(f"{_('the lab could not be kept')}: {error}")
            return None
        return staging

    def _here(self, place: Lab, told: Briefing) -> None:
        """Say where it is, for who looks on."""
        content = json.dumps({"lab": place.pid, "name": told.name, "course": str(self.course.name)}).encode()
        atomic.replace(self.home / HERE, content, mode=0o600, uid=os.geteuid(), gid=os.getegid())

    def _remember(self) -> None:
        found, said = progress.load(self.home)
        if said:
            self.tell(said)
        progress.save(self.home, found)


def _running(place: Lab) -> int:
    """Tell which services run, as `Kept` has them."""
    masters = {"mailman": "mailman3/bin/master", "postfix": "lib/postfix/sbin/master"}
    on = [name for name, words in masters.items() if place.run(["pgrep", "--full", words]).ok]
    return 2 if "mailman" in on else len(on)


def room() -> bool:
    """Tell whether there is memory for a lab that only waits for a reset: half of the machine's is free."""
    memory = psutil.virtual_memory()
    return memory.available * 2 > memory.total


def _put(place: Lab, told: Briefing) -> None:
    path = place.root / str(PLACE).lstrip("/")
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        file.write(told.dump())


@contextmanager
def alive(home: Path) -> Iterator[None]:
    """Be the one session of a trainee's course; the kernel lets the next one in when this process ends.

    Raises:
        RefusedError: another is on.
    """
    fd = os.open(home / ALIVE, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.pread(fd, 32, 0).decode("ascii", "replace").strip() or "unknown"
            raise RefusedError(
                f"{home.parent.name}'s session of the course {home.name} is on already (process {pid}); "
                "'mailman-wizard watch' shows it, and --trainee NAME begins one of somebody else"
            ) from None
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(fd)


def recipe(stages: int) -> Recipe:
    """Say how a server of so many stages is made, once for all labs of this machine."""

    def make(place: Namespace) -> None:
        ended = place.run([*INSIDE, "prepare", str(stages)], limit=STEP_LIMIT)
        if not ended.ok:
            raise WizardError(f"the training server of {stages} stages could not be made: {ended.said}")

    return Recipe(f"training-{stages}", _sources(), _("the training server is made, once for all lessons"), make)


@cache
def _sources() -> str:
    """Tell versions of this program apart, those under work too: another one may set a server up otherwise."""
    digest = hashlib.sha256(version().encode())
    root = Path(wizard.__file__).parent
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).parts
        if parts[0] not in _FACES and (parts[0] != "training" or parts[-1] == "inside.py"):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
