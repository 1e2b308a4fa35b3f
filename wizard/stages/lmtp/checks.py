"""What proves stage 3: the way from Postfix to Mailman, gone by a post and by a command."""

from __future__ import annotations

from wizard.check import Check, CheckFailedError, Evidence
from wizard.errors import CommandError
from wizard.facts import address_class, maps, postconf, rewriting
from wizard.mail import conversation, verification
from wizard.mail.dialogue import ConversationError, Endpoint
from wizard.mail.mailbox import holding
from wizard.mail.message import Kind
from wizard.mailman import rest
from wizard.probes import accounts
from wizard.probes.lists import ProbeList
from wizard.scene import Scene
from wizard.site import SUBADDRESSES
from wizard.stages import proof, strangers
from wizard.stages.lmtp.plan import Tables
from wizard.stages.mailman.checks import owned

UNKNOWN = 550
DECISIONS = ("ACCEPT", "HOLD", "REJECT", "DISCARD")


def listener(scene: Scene) -> Evidence:
    """The port that the site names is Mailman's lmtp runner's, on loopback."""
    port = scene.site.mailman.lmtp.port
    listeners = [each for each in scene.host.listeners() if each.port == port]
    if not listeners:
        raise CheckFailedError(f"nothing listens on port {port}")
    return (owned(scene, listeners, "lmtp", port),)


def greeting(scene: Scene) -> Evidence:
    """A real LHLO."""
    try:
        greeted = conversation.greet(_lmtp(scene), lmtp=True, limit=proof.talk_limit(scene))
    except ConversationError as error:
        raise CheckFailedError(f"no LMTP conversation at {scene.site.mailman.lmtp}: {error}") from error
    return (str(greeted.banner), f"LHLO: {' '.join(sorted(greeted.extensions)) or 'no extensions'}")


def _lmtp(scene: Scene) -> Endpoint:
    return Endpoint(scene.site.mailman.lmtp.host, scene.site.mailman.lmtp.port)


def domain(scene: Scene) -> Evidence:
    """The list domain is in the site's address class, and in no other."""
    name, wanted = scene.site.mail.domain, address_class.BY_ANSWER[scene.site.mail.domain_class]
    classes = address_class.of(scene.host, name)
    if address_class.conflicting(classes):
        raise CheckFailedError(f"{name} is in {' and '.join(classes)}")
    if classes != (wanted,):
        raise CheckFailedError(f"{name} must be in {wanted}; it is in {' and '.join(classes) or 'no class'}")
    return (f"{name} is in {wanted} and in no other class",)


def compiled(scene: Scene) -> Evidence:
    """Mailman's maps are there, compiled after their sources were written, and get the entry of a new list."""
    ours = _tables(scene)
    said = [_entry(scene, ours.lmtp, scene.words["list"]), _entry(scene, ours.domains, scene.site.mail.domain)]
    # Before any mail is sent: a router that has not started yet will start with the new map.
    return [*said, *(_entry(scene, ours.lmtp, mailing_list.address) for mailing_list in scene.bench.lists)]


def _entry(scene: Scene, table: str, key: str) -> str:
    state = maps.compiled_state(scene.host, table)
    if not state.current:
        stale = state.source_mtime is not None and state.compiled_mtime is not None
        raise CheckFailedError(f"{table}: {'older than its source' if stale else 'missing, or not compiled'}")
    try:
        answer = maps.lookup(scene.host, table, key)
    except CommandError as error:
        raise CheckFailedError(f"{table} cannot be read: {error}") from error
    if answer is None:
        raise CheckFailedError(f"{table} has no entry for {key}")
    return f"{table}: compiled and current; {key} → {answer}"


def _tables(scene: Scene) -> Tables:
    kind = postconf.settings(scene.host, names=("default_database_type",))["default_database_type"]
    return Tables(kind, scene.mailman())


def routing(scene: Scene) -> Evidence:
    """Each of every list's nine addresses leads to Mailman, and no local user's does."""
    transports = address_class.entries(postconf.settings(scene.host, names=("transport_maps",))["transport_maps"])
    wanted = f"lmtp:[{scene.site.mailman.lmtp.host}]:{scene.site.mailman.lmtp.port}"
    addresses = [scene.site.list_address(spec, sub) for spec in scene.site.lists for sub in SUBADDRESSES]
    found = _lookups(scene, transports, addresses)
    for address in addresses:
        if found.get(address) != wanted:
            raise CheckFailedError(f"transport of {address}: {found.get(address, 'none')}, not {wanted}")
    hijacked = _away(scene, addresses)
    if hijacked:
        raise CheckFailedError(*map(str, hijacked))
    both = accounts.taken(scene.site)
    if both:
        raise CheckFailedError(*(f"a user's mail goes to Mailman: {problem}" for problem in both))
    local = [scene.site.user_address(user) for user in ("root", "postmaster")]
    astray = _lookups(scene, transports, [*local, scene.bench.outsider.address])
    if any(answer == wanted for answer in astray.values()):
        raise CheckFailedError(*(f"a user's mail goes to Mailman: {key} → {to}" for key, to in astray.items()))
    return (f"{len(addresses)} list addresses → {wanted}", f"no transport to Mailman for {', '.join(local)}")


def _away(scene: Scene, addresses: list[str]) -> tuple[rewriting.Rewrite, ...]:
    try:
        return rewriting.away(scene.host, addresses)
    except CommandError as error:
        raise CheckFailedError(f"a table of addresses cannot be read: {error}") from error


def _lookups(scene: Scene, tables_of: tuple[str, ...], keys: list[str]) -> dict[str, str]:
    """Look keys up in tables in order; the first answer counts, as in postconf(5)."""
    found: dict[str, str] = {}
    for table in tables_of:
        try:
            found = {**maps.lookups(scene.host, table, keys), **found}
        except CommandError as error:
            raise CheckFailedError(f"{table} cannot be read: {error}") from error
    return found


def resolution(scene: Scene) -> Evidence:
    """Postfix itself says where it would deliver to for each of the nine addresses; no mail is delivered."""
    asker, number = scene.bench.outsider, scene.bench.next_number()
    mark = f"-confirm+{scene.bench.token}-{number}"
    addresses = [
        scene.site.list_address(spec, sub).lower() for spec in scene.site.lists for sub in (*SUBADDRESSES, mark)
    ]
    try:
        conversation.verify(scene.host, asker.address, addresses, limit=proof.talk_limit(scene))
    except CommandError as error:
        raise CheckFailedError(f"Postfix was not asked: {error}") from error

    def reported() -> tuple[verification.Verified, ...] | None:
        found = asker.mailbox.find(holding(mark))
        return verification.read(found[0]) if found else None

    scene.waits("Postfix's report on where it would deliver to")
    said = proof.waited(scene, reported, lambda: "Postfix does not report where it would deliver to")
    lmtp = scene.site.mailman.lmtp
    wanted = f"delivery via {lmtp.host}[{lmtp.host}]:{lmtp.port}: 2"
    right = {each.asked for each in said if each.final == each.asked and each.deliverable and wanted in each.said}
    astray = [address for address in addresses if address not in right]
    if astray:
        told = [str(each) for each in said if each.asked not in right]
        raise CheckFailedError(f"Postfix does not lead {', '.join(astray)} to Mailman", *told)
    return (f"{len(addresses)} addresses: {wanted}xx, by Postfix's own report",)


def recipients(scene: Scene) -> Evidence:
    """The real lists' nine addresses are accepted at RCPT, by Postfix and by Mailman; no mail is sent.

    Where strangers are to be heard (interfaces = all), Postfix accepts them from outside too.
    """
    servers = ((proof.smtp(scene), "SMTP"), (_lmtp(scene), "LMTP"))
    # The reply to a confirmation goes to LIST-confirm+TOKEN.
    suffixes = (*SUBADDRESSES, f"-confirm+{scene.bench.token}")
    addresses = [scene.site.list_address(spec, sub) for spec in scene.site.lists for sub in suffixes]
    for server, name in servers:
        for address in addresses:
            reply = proof.rcpt(scene, server, address, lmtp=name == "LMTP")
            if not reply.accepted:
                raise CheckFailedError(f"{name} RCPT TO:<{address}> → {reply}")
    welcomed = strangers.welcome(scene, [*addresses, *(each.address for each in scene.bench.lists)])
    return (f"{len(addresses)} addresses accepted at RCPT by Postfix and by Mailman", *welcomed)


def unknown_list(scene: Scene) -> Evidence:
    """An address of no list is refused at RCPT."""
    return (proof.refused(scene, f"{scene.bench.token}_nolist@{scene.site.mail.domain}", UNKNOWN),)


def post(scene: Scene) -> Evidence:
    """A post arrives: Mailman itself says what it decided about it."""
    return [_post(scene, mailing_list) for mailing_list in scene.bench.lists]


def _post(scene: Scene, mailing_list: ProbeList) -> str:
    _wait_accepted(scene, mailing_list.address)
    message = scene.bench.compose(Kind.TEXT, scene.bench.outsider, mailing_list.address)
    taken = proof.send(scene, message)
    identity = message.message_id

    def decided() -> str | None:
        for line in scene.logs.mailman():
            if identity in line.text and any(word in line.text for word in DECISIONS):
                return line.text
        return None

    seen = proof.seen(
        scene,
        decided,
        what=f"Mailman's decision on the post to {mailing_list.address}",
        message=message,
        paths=scene.logs.paths,
    )
    return f"{taken}; mailman.log: {seen.splitlines()[0]}"


def command(scene: Scene) -> Evidence:
    """A command arrives: Mailman has the request."""
    return [_command(scene, mailing_list) for mailing_list in scene.bench.lists]


def _command(scene: Scene, mailing_list: ProbeList) -> str:
    person = scene.bench.outsider
    join = mailing_list.sub("join")
    _wait_accepted(scene, join)
    message = scene.bench.command(person, join)
    taken = proof.send(scene, message)

    def requested() -> str | None:
        with rest.said():
            found = [str(each["email"]) for each in mailing_list.mailing_list.get_requests()]
        if person.address in found:
            return "a pending request"
        return "subscribed" if person.address in mailing_list.roster() else None

    seen = proof.seen(scene, requested, what=f"the request of the mail to {join}", message=message)
    return f"{taken}; Mailman has {seen} for {person.address}"


def _wait_accepted(scene: Scene, address: str) -> None:
    """Wait until Postfix knows a probe list: it notices a new map by its time stamp, whose unit is a second."""
    last: list[str] = []

    def accepted() -> bool | None:
        reply = proof.rcpt(scene, proof.smtp(scene), address)
        last[:] = [str(reply)]
        return True if reply.accepted else None

    scene.waits(f"Postfix to know {address}")
    proof.waited(scene, accepted, lambda: f"Postfix refuses {address}: {last[0]}")


CHECKS: tuple[Check[Scene], ...] = (
    Check(
        id="lmtp.listener",
        title="The LMTP port is Mailman's",
        proves="The port that Postfix delivers to belongs to Mailman's lmtp runner, on loopback only.",
        see=("ss -ltnp 'sport = :{lmtp_port}'", "ps -u list -o pid,args"),
        look=listener,
    ),
    Check(
        id="lmtp.greeting",
        title="LMTP answers",
        proves="Mailman greets and answers LHLO.",
        see=("python3 -c \"import smtplib; print(smtplib.LMTP('{lmtp_host}', {lmtp_port}).docmd('LHLO probe'))\"",),
        look=greeting,
        needs=("lmtp.listener",),
    ),
    Check(
        id="lmtp.address-class",
        title="One address class",
        proves="The list domain is in the address class of the answers, and in no other.",
        see=("postconf mydestination virtual_alias_domains virtual_mailbox_domains relay_domains",),
        look=domain,
    ),
    Check(
        id="lmtp.maps",
        title="Mailman's maps",
        proves="The maps that Mailman writes are there, readable, compiled after their sources, and have the entry of "
        "a list that was just made.",
        see=("ls -l --time-style=full-iso /var/lib/mailman3/data", "postconf default_database_type"),
        look=compiled,
    ),
    Check(
        id="lmtp.routing",
        title="Nine addresses lead to Mailman",
        proves="Each of every list's nine addresses resolves to Mailman, no alias takes them away, and no local "
        "user's mail goes there.",
        see=("postconf transport_maps virtual_alias_maps", "sendmail -bv {list}"),
        look=routing,
    ),
    Check(
        id="lmtp.resolution",
        title="Postfix leads nine addresses to Mailman",
        proves="Asked itself where it would deliver to, Postfix names Mailman's LMTP port for each of every list's "
        "nine addresses, whatever its tables and services make of them; no mail is delivered.",
        see=("sendmail -bv -f {site_owner} {list}",),
        look=resolution,
        needs=("lmtp.greeting", "lmtp.routing"),
        limit=120,
    ),
    Check(
        id="lmtp.recipients",
        title="Nine addresses are accepted",
        proves="Postfix and Mailman both accept each of every list's nine addresses at RCPT, Postfix also from an "
        "address outside the trusted networks where strangers may connect (interfaces = all); no mail is sent.",
        see=("postconf local_recipient_maps relay_recipient_maps virtual_mailbox_maps",),
        look=recipients,
        needs=("lmtp.greeting",),
        limit=120,
    ),
    Check(
        id="lmtp.unknown-list",
        title="Unknown lists are refused",
        proves="An address of no list is refused at RCPT with 550, so that nothing is bounced to strangers later.",
        see=("sendmail -bv no-such-list@{domain}",),
        look=unknown_list,
    ),
    Check(
        id="lmtp.post",
        title="A post arrives",
        proves="A post went in by SMTP and through LMTP, and Mailman logged what it decided about it.",
        see=("grep -E 'ACCEPT|HOLD|REJECT|DISCARD' /var/log/mailman3/mailman.log", "postqueue -p"),
        look=post,
        needs=("lmtp.greeting",),
        limit=700,
    ),
    Check(
        id="lmtp.command",
        title="A command arrives",
        proves="A join request went in by SMTP and through LMTP, and Mailman has it.",
        see=("ls /var/lib/mailman3/queue/command", "tail /var/log/mailman3/mailman.log"),
        look=command,
        needs=("lmtp.greeting",),
        limit=700,
    ),
)
