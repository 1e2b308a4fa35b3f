"""What proves stage 1: real conversations with Postfix, and real mail to real mailboxes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from wizard import services, staging
from wizard.check import Check, CheckFailedError, Evidence
from wizard.diagnosis import diagnose
from wizard.errors import CommandError
from wizard.facts import address_class, postconf, postqueue
from wizard.mail import conversation, intact
from wizard.mail.arrivals import Arrivals
from wizard.mail.dialogue import ConversationError
from wizard.mail.message import Kind, ProbeMessage
from wizard.probes.accounts import Subscriber
from wizard.scene import Scene
from wizard.site import Site, places
from wizard.stages import proof, strangers
from wizard.stages.postfix import hardening
from wizard.stages.strangers import Opening

COMPLAINTS = ("fatal:", "error:", "panic:", "group or other writable", "not owned by")
"""What is no mere remark in what ``postfix check`` says (conf/postfix-script)."""
CONFLICT = "do not list domain"
"""How Postfix warns of a domain in two address classes."""
UNKNOWN_USER = 550
PERMANENT = 500
ANYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 (compared with, never bound to)
LOOPBACK = frozenset({"127.0.0.1", "::1"})
ELSEWHERE = "probe@example.com"
"""An address of another server; RFC 2606 keeps the domain for such uses, and no mail is sent to it."""


def configuration(scene: Scene) -> Evidence:
    """Postfix's own judgement, and the domain's address class."""
    passed, said = staging.postfix_check(scene.host)
    if not passed or any(word in line for line in said for word in COMPLAINTS):
        raise CheckFailedError("postfix check does not pass", *said)
    classes = {name: address_class.of(scene.host, name) for name in (scene.site.mail.domain, scene.site.mail.hostname)}
    for domain, found in classes.items():
        if address_class.conflicting(found):
            raise CheckFailedError(f"{domain} is in {' and '.join(found)}")
    return (
        f"postfix check passes: {'; '.join(said) or 'no complaint'}",
        *(f"address class of {domain}: {_class(found)}" for domain, found in classes.items()),
        *map(str, hardening.refused(scene.site, postconf.settings(scene.host, names=hardening.NAMES))),
    )


def _class(classes: tuple[str, ...]) -> str:
    return " and ".join(classes) or "none yet"


def listening(scene: Scene) -> Evidence:
    """The master lives, and listens where the site says and nowhere else."""
    masters = {process.pid for process in services.postfix_masters(scene.host)}
    ours = {process.pid for process in services.postfix_processes(scene.host)}
    port = scene.site.smtp_port
    listeners = [listener for listener in scene.host.listeners() if listener.port == port]
    foreign = [listener for listener in listeners if listener.pid not in ours]
    if foreign:
        name = services.holder(scene.host.processes(), foreign[0])
        raise CheckFailedError(f"port {port} of {foreign[0].address} belongs to {name}")
    if not masters:
        raise CheckFailedError("no master process")
    found = {listener.address for listener in listeners}
    allowed = _allowed(scene.site)
    first = "0.0.0.0" if allowed == ANYWHERE else "127.0.0.1"  # noqa: S104 (compared with, never bound to)
    if first not in found or not found <= allowed:
        raise CheckFailedError(
            f"Postfix listens on port {port} of {', '.join(sorted(found)) or 'no address'}; "
            f"{scene.site.mail.interfaces} means {' and '.join(sorted(allowed))}"
        )
    elsewhere = [
        each
        for each in scene.host.listeners()
        if each.pid in ours and each.address not in LOOPBACK and scene.site.mail.loopback_only
    ]
    if elsewhere:
        raise CheckFailedError(
            f"Postfix also listens on port {elsewhere[0].port} of {elsewhere[0].address}; "
            f"{scene.site.mail.interfaces} means {' and '.join(sorted(allowed))}"
        )
    banner = _banner(scene)
    return (f"master is process {min(masters)}", f"port {port} of {', '.join(sorted(found))}", banner)


def _allowed(site: Site) -> frozenset[str]:
    """Give the addresses that Postfix may listen on (postconf(5), inet_interfaces)."""
    if site.mail.loopback_only:
        return LOOPBACK
    return ANYWHERE if site.mail.interfaces == "all" else places.listening(site.mail.interfaces)


def _banner(scene: Scene) -> str:
    try:
        limit = proof.talk_limit(scene)
        greeted = proof.answered(
            scene, lambda: conversation.greet(proof.smtp(scene), limit=limit), lambda: "no greeting"
        )
    except ConversationError as error:
        raise CheckFailedError(f"no greeting: {error}") from error
    return str(greeted.banner)


def local_delivery(scene: Scene) -> Evidence:
    """Mail by SMTP reaches each probe's mailbox with its body unchanged."""
    return tuple(_deliveries(scene, lambda message: str(proof.send(scene, message))))


def sendmail(scene: Scene) -> Evidence:
    """Mail handed to the sendmail command reaches each probe's mailbox with its body unchanged."""

    def hand(message: ProbeMessage) -> str:
        try:
            limit = proof.talk_limit(scene)
            conversation.sendmail(scene.host, message.sender, [message.recipient], message.raw, limit=limit)
        except CommandError as error:
            raise CheckFailedError(f"sendmail did not take the message: {error}") from error
        scene.passages.sent(message)
        return "taken by sendmail"

    return tuple(_deliveries(scene, hand))


def _deliveries(scene: Scene, hand: Callable[[ProbeMessage], str]) -> Iterator[str]:
    kinds = (Kind.FROM, Kind.UTF8, Kind.BINARY)
    sent = [
        (person, message, hand(message))
        for number, person in enumerate(scene.bench.subscribers)
        for message in [scene.bench.compose(kinds[number % len(kinds)], scene.bench.outsider, person.address)]
    ]
    for person, message, taken in sent:
        found = proof.arrived(
            scene,
            [person],
            proof.message_with(message),
            what=f"the message to {person.address}",
            message=message,
        )
        _unchanged(person, message, found)
        seconds = proof.slowest(found)
        yield f"{taken}; in {person.mailbox.path} after {seconds:.1f} s, {len(message.raw)} octets, unchanged"


def _unchanged(person: Subscriber, message: ProbeMessage, found: Arrivals) -> None:
    copies = found.each[0].copies
    if len(copies) != 1:
        raise CheckFailedError(f"{person.address} has {len(copies)} copies of one message")
    differences = intact.compare_direct(message.raw, copies[0])
    if differences:
        raise CheckFailedError(f"the message to {person.address} was altered", *map(str, differences))


def unknown_user(scene: Scene) -> Evidence:
    """An address of nobody is refused at RCPT, so that nothing is bounced later."""
    nobody = f"{scene.bench.token}_nobody"
    domains = sorted({scene.site.mail.local_domain, scene.site.mail.hostname})
    return tuple(proof.refused(scene, f"{nobody}@{domain}", UNKNOWN_USER) for domain in domains)


def relay(scene: Scene) -> Evidence:
    """A client outside mynetworks cannot send mail through this server, on whichever port and family it asks.

    Where strangers are to be heard (interfaces = all), they must be able to write to a user: a server that refuses
    everything has not shown that it refuses relaying.
    """
    welcomed = strangers.welcome(scene, [scene.bench.subscribers[0].address])
    asked = strangers.openings(scene)
    if not asked:
        raise CheckFailedError("Postfix takes mail by SMTP nowhere")
    return (*welcomed, *(_relay(scene, opening) for opening in asked))


def _relay(scene: Scene, opening: Opening) -> str:
    with strangers.stranger(scene, opening.version) as address:
        said = f"from {address}, outside the trusted networks, at {opening}: "
        try:
            reply = strangers.ask(scene, opening, scene.bench.outsider.address, [ELSEWHERE], address)[0]
        except ConversationError as error:
            if _refuses(error, own=opening.endpoint.port == scene.site.smtp_port):
                return f"{said}{error}"
            raise CheckFailedError(f"{said}no answer to RCPT TO:<{ELSEWHERE}>: {error}") from error
    if reply.code < PERMANENT:
        known = diagnose("MW104", scene.words, address=address, port=str(opening.endpoint.port))
        own = opening.endpoint.port == scene.site.smtp_port and hardening.RELAY not in scene.site.mail.refused
        fixable = known.fixable and own
        raise CheckFailedError(
            f"{said}RCPT TO:<{ELSEWHERE}> → {reply}",
            diagnosis=replace(known, fixable=fixable) if reply.accepted else None,
        )
    return f"{said}RCPT TO:<{ELSEWHERE}> → {reply}"


def _refuses(error: ConversationError, *, own: bool) -> bool:
    """Tell whether a server that did not let a client come to RCPT refused it; of another port, by hanging up too."""
    if error.code is not None:
        return error.code >= PERMANENT
    return not own and not error.late


def queue(scene: Scene) -> Evidence:
    """Nothing of the probes stays in the queue."""
    left = scene.bench.drained()
    if left:
        reasons = [
            f"{message.queue_id} ({message.queue_name}): {recipient.delay_reason or 'no reason yet'}"
            for message in postqueue.read(scene.host)
            if message.queue_id in left
            for recipient in message.recipients
        ]
        raise CheckFailedError(f"{len(left)} message(s) of the probes are still queued", *(reasons or left))
    return ("no message of the probes in the queue",)


def log(scene: Scene) -> Evidence:
    """Postfix's log holds nothing fatal since the run began."""
    lines = scene.logs.postfix()
    bad = [line.text for line in lines if line.level in {"fatal", "panic", "error"} or CONFLICT in line.text]
    if bad:
        raise CheckFailedError(f"{len(bad)} bad line(s) in {scene.logs.postfix_source}", *bad[:10])
    if not lines:
        raise CheckFailedError(f"nothing was logged to {scene.logs.postfix_source}, although mail was sent")
    return (f"{len(lines)} lines in {scene.logs.postfix_source} since the run began: none fatal, panic or error",)


CHECKS: tuple[Check[Scene], ...] = (
    Check(
        id="postfix.configuration",
        title="Postfix's configuration",
        proves="Postfix's own check has no complaint, and the list domain is in at most one address class.",
        see=(
            "postfix check",
            "postconf mydestination virtual_alias_domains virtual_mailbox_domains relay_domains",
        ),
        look=configuration,
    ),
    Check(
        id="postfix.listening",
        title="Postfix listens",
        proves="The master process lives and listens where the site says, and nowhere else.",
        see=("ss -ltnp 'sport = :25'", "postconf inet_interfaces"),
        look=listening,
    ),
    Check(
        id="postfix.local-delivery",
        title="Local mail by SMTP",
        proves="A message sent by SMTP reaches each probe's mailbox, once, with its body unchanged.",
        see=("printf 'Subject: probe\\n\\nhello\\n' | sendmail -f {site_owner} root", "tail /var/mail/root"),
        look=local_delivery,
        needs=("postfix.listening",),
        limit=700,
    ),
    Check(
        id="postfix.sendmail",
        title="Local mail by sendmail",
        proves="A message handed to sendmail(1) reaches each probe's mailbox, once, with its body unchanged.",
        see=("printf 'Subject: probe\\n\\nhello\\n' | sendmail -i root", "mailq"),
        look=sendmail,
        needs=("postfix.listening",),
        limit=700,
    ),
    Check(
        id="postfix.unknown-user",
        title="Unknown users are refused",
        proves="An address of nobody is refused at RCPT with 550, so that nothing is bounced to strangers later.",
        see=("postconf local_recipient_maps", "sendmail -bv nobody-of-that-name@{hostname}"),
        look=unknown_user,
        needs=("postfix.listening",),
    ),
    Check(
        id="postfix.relay",
        title="Not an open relay",
        proves="A client whose address is outside the trusted networks is refused when it asks for another "
        "server's recipient, on every port where Postfix takes mail and over IPv4 and IPv6; it was asked from such "
        "addresses. Where strangers may connect (interfaces = all), such a client can write to a user.",
        see=("postconf mynetworks smtpd_relay_restrictions smtpd_recipient_restrictions", "postconf -P", "ss -ltnp"),
        look=relay,
        needs=("postfix.listening",),
        limit=300,
    ),
    Check(
        id="postfix.queue",
        title="The queue is clean",
        proves="No message of the probes is left in Postfix's queue.",
        see=("postqueue -p",),
        look=queue,
    ),
    Check(
        id="postfix.log",
        title="The log is clean",
        proves="Since the run began, Postfix has logged the probes' mail, and nothing fatal, panic or error, nor a "
        "domain in two address classes.",
        see=("postconf maillog_file", "{mail_log}"),
        look=log,
        needs=("postfix.listening",),
    ),
)
