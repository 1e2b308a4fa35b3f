"""What training does within a lab: ``python -m wizard.training.inside ACTION``, as root of the lab.

It makes a server of some stages, starts and stops its services, and looks at what must not be harmed.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from wizard import controls, services, session
from wizard.controls import Request
from wizard.errors import UnseenError, WizardError
from wizard.facts import postconf
from wizard.host import Host
from wizard.localhost import LocalHost
from wizard.mailman import cfg, quiet, ready, rest
from wizard.mailman.cfg import Config
from wizard.probes import inventory
from wizard.site import Site, build, dumps, save
from wizard.state import ANSWERS, State
from wizard.training.course import KNOWN, SERVER

PEOPLE = ("alice", "bob")
"""Who has an account and, on a whole server, is on the list; what is theirs must be there after a drill."""
LETTER = (
    "From carol@local.edu Sun Nov 22 08:00:00 2026\nFrom: carol@local.edu\nTo: {name}@local.edu\n"
    "Subject: Lunch\nMessage-ID: <lunch.{name}@local.edu>\n\nAt noon?\n\n"
)
BREAK_LIMIT = 300
"""Seconds that breaking something may take: some faults need a restart."""
RUN_DIRECTORY = Path("/run/mailman3")
SITE = build({"schema": 1, "check": {"subscribers": 1}})
"""The answers of every training server: the defaults, which the faults are made for; one probe is enough."""


def prepare(stages: int) -> None:
    """Make a server of so many stages, of a plain copy of the machine; its services are stopped in the end.

    Raises:
        WizardError: a stage could not be set up, or is not verified.
    """
    shutil.rmtree(ANSWERS.parent, ignore_errors=True)
    state = State()
    shutil.rmtree(state.root, ignore_errors=True)
    state.prepare()
    host = LocalHost()
    for name in PEOPLE:
        if host.run(["id", name]).ok:
            continue
        host.run(["useradd", "--create-home", name]).require()
        host.write(Path("/var/mail", name), LETTER.format(name=name).encode(), mode=0o660, owner=name, group="mail")
    save(SITE, ANSWERS, host)
    if stages:
        _apply(state, stages)
    if stages >= SERVER:
        _subscribe()
    stop()
    for kept in (state.runs, state.checkpoints):
        shutil.rmtree(kept)
    state.prepare()


def _apply(state: State, stages: int) -> None:
    directory = controls.start(state, Request("apply", 1, stages, approved=True, site=dumps(SITE)))
    last = None
    for last in controls.follow(directory):
        if last.kind == "check.finished" and last.data["outcome"] != "pass":
            sys.stderr.write(f"{last.data['id']}: {last.data['outcome']}: {last.data['evidence']}\n")
    if last is None or last.data.get("exit") != 0:
        raise WizardError(f"the training server could not be set up: {last.data.get('error') if last else 'killed'}")


def _subscribe() -> None:
    config = cfg.read(LocalHost())
    assert config is not None
    with rest.said():
        mailing_list: Any = rest.find_list(rest.connect(config), SITE.list_address(SITE.lists[0]))
        for name in PEOPLE:
            address = f"{name}@{SITE.mail.domain}"
            mailing_list.subscribe(
                address, pre_verified=True, pre_confirmed=True, pre_approved=True, send_welcome_message=False
            )


def start(stages: int) -> None:
    """Start the services that a server of so many stages has; returns when they work.

    Raises:
        ChangeError: one did not come up.
    """
    host = LocalHost()
    if stages >= 1:
        services.act(host, services.POSTFIX, "start")
    if stages > 1:
        host.run(["install", "-d", "-m", "0755", "-o", cfg.USER, "-g", cfg.USER, str(RUN_DIRECTORY)]).require()
        services.act(host, services.MAILMAN, "start")
        ready.wait_ready(host, _silent)


def forget(since: int) -> None:
    """Let nothing be known to be proven of a broken server from a stage on.

    It would be shown as verified, or the settings that were changed since would be named everywhere.

    Raises:
        OSError: it cannot be written.
    """
    path = State().session
    known = session.load(path)
    session.save(session.Session({stage: each for stage, each in known.stages.items() if stage < since}), path)


def broken(faults: Sequence[str]) -> dict[str, object]:
    """Break a working server; tells what there was before, and the settings before and after.

    Raises:
        WizardError: a fault could not be made.
    """
    host = LocalHost()
    if not faults:
        return {}
    before = {"there": look(host), "settings": settings(host)}
    for name in reversed(faults):  # the later stages first: they may need what an earlier fault takes away
        host.run(["bash", "-ec", KNOWN[name].breaks], limit=BREAK_LIMIT).require()
    return {**before, "broken": settings(host)}


def stop() -> None:
    """Stop runs, which put back what they were changing, and the services, Mailman with nothing in its hands.

    What does not run is left alone.

    Raises:
        WizardError: one did not stop.
    """
    for directory in filter(controls.lives, State().runs.glob("*")):
        controls.stop(directory)
        for _event in controls.follow(directory):
            pass
    host = LocalHost()
    if services.running(host, services.MAILMAN):
        with quiet.quiet(host, _silent):
            services.act(host, services.MAILMAN, "stop")
    if services.running(host, services.POSTFIX):
        services.act(host, services.POSTFIX, "stop")


def _silent(_kind: str, /, **_data: object) -> None:
    """Nobody reads what goes on here."""


def look(host: Host) -> dict[str, list[str]]:
    """List what must not be harmed: accounts, homes, letters, lists, members, held posts; and the configuration.

    Raises:
        WizardError: it cannot be seen, as when Mailman does not answer.
    """
    found = {what: sorted(names) for what, names in inventory.take(host).items()}
    found["letters"] = sorted(name for name in PEOPLE if _has_letter(host, name))
    return found


def _has_letter(host: Host, name: str) -> bool:
    path = Path("/var/mail", name)
    return host.state(path) is not None and f"<lunch.{name}@{SITE.mail.domain}>".encode() in host.read(path)


def settings(host: Host) -> dict[str, str]:
    """Give the settings that somebody could have changed, by name; what cannot be read has none."""
    found: dict[str, str] = {}
    try:
        found |= {f"main.cf {name}": value for name, value in postconf.explicit(host).items()}
        config: Config | None = cfg.read(host)
    except (WizardError, OSError):
        return found
    values = config.values if config else {}
    found |= {f"mailman.cfg [{part}] {key}": value for (part, key), value in values.items() if key != "admin_pass"}
    return found


def by_hand(host: Host, site: Site) -> dict[str, bool]:
    """Tell whether the two messages that are spoken by hand have arrived: to a user, and for the list.

    The subject of either has the words "by hand". A post of somebody who is on the list is in the members' mailboxes;
    one of anybody else is held.
    """
    words = b"by hand"
    letters = [host.read(path) for name in PEOPLE if host.state(path := Path("/var/mail", name)) is not None]
    heads = [each for letter in letters for each in letter.split(b"\nFrom ") if words in _subject(each)]
    tag = f"[{site.lists[0].name}]".encode().lower()
    posts = any(tag in _subject(head) for head in heads)
    return {
        "smtp": any(tag not in _subject(head) for head in heads),
        "lmtp": posts or any("by hand" in subject.lower() for subject in _held(host, site)),
    }


def _subject(message: bytes) -> bytes:
    head = message.partition(b"\n\n")[0]
    return next((line for line in head.lower().split(b"\n") if line.startswith(b"subject:")), b"")


def _held(host: Host, site: Site) -> list[str]:
    config = cfg.read(host)
    try:
        client: Any = rest.connect(config) if config else None
        found = rest.find_list(client, site.list_address(site.lists[0])) if client else None
        with rest.said():
            return [str(each.subject) for each in found.held] if found else []
    except (WizardError, UnseenError):
        return []


def main(arguments: list[str]) -> int:
    """Do one thing, and say on standard output what was seen."""
    try:
        match arguments:
            case ["prepare", stages]:
                prepare(int(stages))
            case ["start", stages]:
                start(int(stages))
            case ["start", stages, since, *faults]:
                start(int(stages))
                sys.stdout.write(json.dumps(broken(faults)))
                if faults:
                    forget(int(since))
            case ["stop"]:
                stop()
            case ["break", *faults]:
                sys.stdout.write(json.dumps(broken(faults)))
            case ["look"]:
                sys.stdout.write(json.dumps(look(LocalHost())))
            case _:
                return 2
    except WizardError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
