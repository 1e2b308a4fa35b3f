"""What proves stage 6: join, post and leave by several, before and after one restart, without residue."""

from __future__ import annotations

from collections.abc import Iterator

from wizard import services
from wizard.check import Check, CheckFailedError, Evidence
from wizard.diagnosis import Diagnosis, diagnose
from wizard.errors import ChangeError, UnseenError
from wizard.host import Process
from wizard.logs import Logs
from wizard.mail.message import Kind
from wizard.mailman import quiet, ready
from wizard.probes import inventory
from wizard.probes.lists import ProbeList
from wizard.scene import Scene
from wizard.stages import membership, proof
from wizard.wait import LimitError

SAMPLE = 5
"""How many of the subscribers post, at most."""
SHOWN = 10
"""Bad lines of the logs that are shown, at most."""
INTERRUPTED = "RunnerInterrupt"
"""What Mailman's runners raise when they are told to stop with a message in their hands."""


def together(scene: Scene) -> Evidence:
    """Join, post and leave by several subscribers."""
    return [said for each in scene.bench.lists for said in _round(scene, each)]


def _round(scene: Scene, mailing_list: ProbeList) -> Iterator[str]:
    people, reader = scene.bench.subscribers, scene.bench.owner
    yield from membership.join(scene, mailing_list, people)
    membership.subscribe(mailing_list, [reader])
    sent = [scene.bench.compose(Kind.UTF8, person, mailing_list.address) for person in people[:SAMPLE]]
    for message in sent:
        proof.send(scene, message)
    for message in sent:
        what = f"the post of {message.sender}"
        proof.arrived(scene, (*people, reader), proof.message_with(message), what=what, message=message)
    yield f"{len(sent)} posts, each in {len(people) + 1} mailboxes"
    leaver = people[-1]
    yield from membership.leave(scene, mailing_list, [leaver])
    yield _after(scene, mailing_list)
    membership.unsubscribe(mailing_list, (*people, reader))


def _after(scene: Scene, mailing_list: ProbeList) -> str:
    """Post once more: those who stayed get it, the leaver does not."""
    *stayed, leaver = scene.bench.subscribers
    readers = (*stayed, scene.bench.owner)
    message = scene.bench.compose(Kind.TEXT, scene.bench.owner, mailing_list.address)
    proof.send(scene, message)
    wanted = proof.message_with(message)
    proof.arrived(scene, readers, wanted, what="the post after the leave", message=message)
    proof.none_left(scene)
    if leaver.mailbox.find(wanted):
        raise CheckFailedError(f"{leaver.address} has left {mailing_list.address} and still got a post")
    return f"after the leave: {len(readers)} mailboxes have the post, {leaver.address} does not"


def restart(scene: Scene) -> Evidence:
    """Both services are restarted once, come back whole, and log nothing bad."""
    before = {process.pid for process in _processes(scene)}
    scene.bench.drained()
    begun = scene.logs.from_now()
    try:
        logs = _restart(scene)
    except (ChangeError, LimitError) as error:
        raise CheckFailedError(str(error), *_bad(begun)) from error
    old = {process.pid for process in _processes(scene)} & before
    if old:
        raise CheckFailedError(f"{len(old)} processes from before the restart are still there")
    bad = _bad(logs)
    if bad:
        known = diagnose("MW602", scene.words, evidence=bad) if any(INTERRUPTED in line for line in bad) else None
        raise CheckFailedError("the logs since the restart hold errors", *bad, diagnosis=known)
    read = len(logs.postfix()) + len(logs.mailman())
    return ("both services restarted once", f"{read} log lines since then read: no error")


def _restart(scene: Scene) -> Logs:
    """Restart Mailman, then Postfix, while no mail is in Mailman's hands and Postfix hands none on.

    So nothing is shunted, and nothing of what comes meanwhile is put off: Postfix takes it, but for the second in which
    it is stopped itself, and delivers it afterwards. Mailman's own mail would be put off for a quarter of an hour
    (its retry runner) if Postfix were away while it had any.

    Returns:
        What was logged since the first of them was stopped.

    Raises:
        UnseenError: Mailman was at work all the time; nothing was restarted.
        ChangeError: a service did not end, or did not come back.
        LimitError: likewise.
    """
    ran = services.running(scene.host, services.POSTFIX)
    both = [name for name in (services.MAILMAN, services.POSTFIX) if services.running(scene.host, name)]
    for name in both:
        scene.bench.ledger.note(service=name)  # if this run is killed now, the next one starts it
    try:
        scene.progress(f"restarting {services.MAILMAN}, when its runners have nothing in their hands")
        with quiet.quiet(scene.host, scene.emit):
            logs = scene.logs.from_now()
            services.act(scene.host, services.MAILMAN, "restart")
            ready.wait_ready(scene.host, scene.emit)
            scene.progress(f"restarting {services.POSTFIX}")
            services.act(scene.host, services.POSTFIX, "stop")
        return logs
    finally:
        if ran and not services.running(scene.host, services.POSTFIX):
            services.act(scene.host, services.POSTFIX, "start")
        for name in both:
            if services.running(scene.host, name):
                scene.bench.ledger.strike(name)


def _bad(logs: Logs) -> list[str]:
    bad = [line.text for line in logs.postfix() if line.level in {"fatal", "panic", "error"}]
    failures = [line for line in logs.mailman() if line.failure]
    return [*bad, *(" … ".join((line.text, *line.rest[-1:])) for line in failures)][:SHOWN]


def _processes(scene: Scene) -> tuple[Process, ...]:
    return (*services.postfix_masters(scene.host), *services.mailman_processes(scene.host))


def boot(scene: Scene) -> Evidence:
    """Both services are enabled, by systemd or by the links that an init without it follows."""
    names = (services.POSTFIX, services.MAILMAN)
    off = [name for name in names if not services.boots(scene.host, name)]
    systemd = services.has_systemd(scene.host)
    by = "systemctl is-enabled" if systemd else f"PID 1 is not systemd; start links in {services.SYSV_LINKS}"
    if off:
        raise CheckFailedError(f"{by}: not {' and not '.join(off)}", diagnosis=_no_boot(scene, off))
    return (f"{by}: {', '.join(names)}",)


def _no_boot(scene: Scene, off: list[str]) -> Diagnosis:
    return diagnose("MW601", scene.words, evidence=(f"not enabled: {', '.join(off)}",), services=" and ".join(off))


def no_residue(scene: Scene) -> Evidence:
    """Everything of the probes is removed; what was there before is still there."""
    if not scene.residue:
        raise UnseenError("what was there before could not be listed, so nothing can be compared")
    token = scene.bench.token
    # Somebody whom the admin named keeps the mail that came: nothing is taken out of a mailbox that is not ours.
    named = [person for person in scene.bench.subscribers if not person.temporary]
    kept = {str(person.mailbox.path) for person in named}
    touched = {name for person in named for name in (person.user, person.address)}
    scene.bench.clear()
    if scene.bench.ledger.made:
        raise CheckFailedError(f"could not be removed: {scene.bench.ledger.made}")
    after = inventory.take(scene.host)
    wrong = [*inventory.differences(scene.residue, after, touched), *scene.bench.on_its_way()]
    held = inventory.holding(scene.host, token, scene.mailman(), since=scene.logs.begun.at - 1)
    wrong += [f"{path} still holds {token}" for path in held if not any(path.startswith(mailbox) for mailbox in kept)]
    if wrong:
        raise CheckFailedError(*wrong)
    counted = ", ".join(f"{len(names)} {what}" for what, names in sorted(after.items()))
    but = f" but {', '.join(sorted(kept))}, whose owners the answers name" if kept else ""
    meanwhile = [f"done by others meanwhile: {said}" for said in inventory.of_others(scene.residue, after, touched)]
    return (
        f"compared before and after: {counted}",
        f"no queue, no file and no mailbox holds {token}{but}",
        *meanwhile,
    )


CHECKS: tuple[Check[Scene], ...] = (
    Check(
        id="integration.together",
        title="Several subscribers together",
        proves="All join by mail, post, and read each other's posts; after one leaves, the others get mail and the "
        "leaver does not.",
        see=("runuser -u list -- mailman members {list}", "tail /var/log/mailman3/smtp.log"),
        look=together,
        limit=2600,
    ),
    Check(
        id="integration.restart",
        title="One restart of both services",
        proves="Both services end and start again, every runner comes back, and the logs since then hold no error.",
        see=("systemctl restart mailman3 postfix", "tail /var/log/mailman3/mailman.log"),
        look=restart,
        limit=300,
        whole=True,
    ),
    Check(
        id="integration.after-restart",
        title="Everything again after the restart",
        proves="Join, post and leave work after a restart as they did before.",
        see=("runuser -u list -- mailman members {list}",),
        look=together,
        needs=("integration.restart",),
        limit=2600,
    ),
    Check(
        id="integration.boot",
        title="Services start at boot",
        proves="Both services are enabled where there is something that could start them.",
        see=("systemctl is-enabled postfix mailman3", "ls /etc/rc2.d"),
        look=boot,
    ),
    Check(
        id="integration.no-residue",
        title="Nothing is left behind",
        proves="Lists, members, users, held messages, queues, accounts, mailboxes and archives are as they were "
        "before the probes.",
        see=("runuser -u list -- mailman lists", "ls /var/mail", "getent passwd | grep mwz_"),
        look=no_residue,
        limit=120,
    ),
)
