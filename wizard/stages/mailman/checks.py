"""What proves stage 2: Mailman's processes, interfaces, database and files, each looked at as it is now."""

from __future__ import annotations

from collections.abc import Mapping

from wizard import wait
from wizard.check import Check, CheckFailedError, Evidence
from wizard.diagnosis import diagnose
from wizard.errors import CommandError
from wizard.facts import runners
from wizard.facts.runners import Mailman, Runner, Slot
from wizard.host import Listener
from wizard.mailman import cfg, ownership, rest, running, settings
from wizard.mailman.ownership import Rule
from wizard.redact import HIDDEN
from wizard.scene import Scene
from wizard.stages.vain import InVainError, Vain

UNAUTHORIZED = 401
OK = 200
ALERT_LIMIT = 10.0
"""Seconds within which a runner that polls must be seen to do so."""
ASLEEP = "its process is there and does not wake up to look at its queue"
LONGEST_NAP = 5.0
"""Seconds of ``sleep_time`` up to which a runner is watched polling; longer ones cannot be waited for."""
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
PASSWORD = "wrong-on-purpose"  # noqa: S105 (that it is wrong is the point)


def configuration(scene: Scene) -> Evidence:
    """What Mailman itself says is in effect, against what the plan wants."""
    config = scene.mailman()
    if config.broken:
        raise CheckFailedError(config.broken)
    try:
        effective = scene.effective.now(scene.host)
    except CommandError as error:
        raise CheckFailedError(f"Mailman does not tell its configuration: {error}") from error
    wanted = settings.wanted(scene.site, config)
    wrong = [each for each in wanted if not each.met(effective.get((each.section, each.key), ""))]
    if wrong:
        raise CheckFailedError(
            *(f"[{each.section}] {each.key} is {_shown(each, effective)}, not {_value(each)}" for each in wrong)
        )
    return (f"{len(wanted)} settings in effect as planned (mailman conf)",)


def _shown(each: settings.Wanted, effective: Mapping[tuple[str, str], str]) -> str:
    return HIDDEN if each.secret else repr(effective.get((each.section, each.key), ""))


def _value(each: settings.Wanted) -> str:
    return "the one that is wanted" if each.secret else repr(each.value)


def alive(scene: Scene) -> Evidence:
    """Every runner of this version is there, may run, belongs to Mailman's user, and is seen at work."""
    conf, names = scene.effective.known(scene.host), runners.packaged(scene.host)
    expected = runners.expected_slots(conf, names)
    found = runners.find(scene.host.processes())
    if not found.masters:
        raise CheckFailedError("no master process")
    if len(found.masters) > 1:
        raise CheckFailedError(f"{len(found.masters)} master processes: Mailman was started twice")
    off = [f"{cfg.PATH} switches {name} off: [runner.{name}] start" for name in runners.switched_off(conf, names)]
    missing = runners.missing(expected, found)
    if missing:
        slots = ", ".join(map(str, missing))
        raise CheckFailedError(f"no working process for {slots}", *off)
    if off:
        raise CheckFailedError(*off, "it still runs, and the next start leaves it out")
    strangers = [f"{runner.slot} runs as {runner.process.user}" for runner in found.runners if _foreign(runner)]
    if strangers:
        raise CheckFailedError(*strangers)
    busy = _polling(scene, conf, found)
    stuck = _stuck(scene, conf, expected)
    if stuck:
        raise CheckFailedError(*stuck)
    alive = sorted({slot.name for slot in expected})
    return (f"{len(expected)} runners alive: {' '.join(alive)}", f"seen polling: {' '.join(busy)}")


def _foreign(runner: Runner) -> bool:
    return runner.process.user != cfg.USER


def _polling(scene: Scene, conf: Mapping[tuple[str, str], str], found: Mailman) -> list[str]:
    """See each runner with a short nap wake up; one that is stuck or stopped does not."""
    before = {
        runner.process.pid: runner
        for runner in found.runners
        if _seconds(conf.get((f"runner.{runner.slot.name}", "sleep_time"), "")) <= LONGEST_NAP
    }
    waiting, vain = dict(before), Vain(scene)

    def look() -> bool | None:
        for process in scene.host.processes():
            runner = waiting.get(process.pid)
            if runner is not None and process.wakings > runner.process.wakings:
                del waiting[process.pid]
        if waiting:
            vain()
        return None if waiting else True

    scene.progress("watching the runners poll their queues")
    try:
        wait.until(look, limit=ALERT_LIMIT)
    except InVainError as error:
        known, seconds = error.diagnosis, error.seconds
    except wait.LimitError:
        known, seconds = None, ALERT_LIMIT
    else:
        return sorted({runner.slot.name for runner in before.values()})
    slots = ", ".join(str(runner.slot) for runner in waiting.values())
    said = f"{slots}: did not wake within {seconds:.0f} s"
    raise CheckFailedError(said, diagnosis=known or diagnose("MW202", scene.words, slots=slots, why=ASLEEP))


def _stuck(scene: Scene, conf: Mapping[tuple[str, str], str], expected: tuple[Slot, ...]) -> list[str]:
    """Name the queues whose oldest file has waited for longer than its runner ever sleeps."""
    queue_dir, now = scene.mailman().queue_dir, scene.host.now().timestamp()
    late = []
    for name in sorted({slot.name for slot in expected}):
        nap = _seconds(conf.get((f"runner.{name}", "sleep_time"), ""))
        states = (scene.host.state(queue_dir / name / file) for file in scene.host.names(queue_dir / name))
        oldest = max((now - state.mtime for state in states if state), default=0.0)
        if name != "retry" and oldest > 2 * nap + 60:
            late.append(f"the queue {name} holds a message for {oldest:.0f} s, and its runner polls every {nap:g} s")
    return late


def _seconds(text: str) -> float:
    """Read a duration as lazr.config does (``1s``, ``15m``); an unreadable one is too long to be waited for."""
    number, unit = text[:-1], text[-1:]
    try:
        return float(number) * _UNITS[unit]
    except (ValueError, KeyError):
        return float("inf")


def rest_answers(scene: Scene) -> Evidence:
    """REST answers with the password, and with 401 without it or with a wrong one."""
    config = scene.mailman()
    owner = _owner(scene, config.rest[1])
    url = f"{rest.base_url(config)}/system/versions"
    name, password = config.credentials
    answers = {
        "with the password": _status(url, (name, password)),
        "without": _status(url, None),
        "with a wrong one": _status(url, (name, PASSWORD)),
    }
    if answers != dict(zip(answers, (OK, UNAUTHORIZED, UNAUTHORIZED), strict=True)):
        raise CheckFailedError(*(f"{how}: {status}" for how, status in answers.items()))
    return (owner, *(f"{how}: {status}" for how, status in answers.items()))


def in_effect(scene: Scene) -> Evidence:
    """What the running Mailman has, by REST, against what stands in mailman.cfg."""
    config = scene.mailman()
    effective = scene.effective.known(scene.host)
    present = running.read(scene.site, config, scene.redactor.learn)
    other = running.outdated(scene.site, config, effective, present)
    if other:
        raise CheckFailedError(
            *(f"[{each.section}] {each.key} is {_shown(each, present)} in the running Mailman" for each in other),
            f"{cfg.PATH} has another value: Mailman was started before it was written",
        )
    return (f"{len(present)} settings of the running Mailman read (REST): none that is otherwise in {cfg.PATH}",)


def _owner(scene: Scene, port: int) -> str:
    listeners = [each for each in scene.host.listeners() if each.port == port]
    return owned(scene, listeners, "rest", port)


def owned(scene: Scene, listeners: list[Listener], runner: str, port: int) -> str:
    """Prove that a port is a runner's, on loopback only; return the evidence.

    Raises:
        CheckFailedError: it is not.
    """
    found = runners.find(scene.host.processes())
    strangers = [each for each in listeners if not found.owns(runner, each.pid)]
    open_to_all = [each.address for each in listeners if not each.address.startswith("127.") and each.address != "::1"]
    if not listeners:
        raise CheckFailedError(f"nothing listens on port {port}")
    if strangers:
        raise CheckFailedError(f"port {port} belongs to process {strangers[0].pid}, not to the {runner} runner")
    if open_to_all:
        raise CheckFailedError(f"port {port} listens on {', '.join(open_to_all)}, not on loopback only")
    return f"port {port} of {listeners[0].address} is the {runner} runner's"


def _status(url: str, auth: tuple[str, str] | None) -> int:
    import requests  # noqa: PLC0415 (see `wizard.mailman.rest`)

    try:
        return requests.get(url, auth=auth, timeout=rest.LIMIT).status_code
    except requests.RequestException as error:
        raise CheckFailedError(f"REST does not answer at {url}: {rest.reason(error)}") from error


def database(scene: Scene) -> Evidence:
    """A user is written, read back and removed again."""
    client = scene.client()
    address = f"{scene.bench.token}_db@{scene.site.mail.domain}"
    scene.bench.ledger.note_address(address)
    try:
        with rest.said():
            client.create_user(address, "")
        written = rest.find_user(client, address)
        if written is None:
            raise CheckFailedError(f"the user {address} was written and is not there")
        with rest.said():
            written.delete()
        if rest.find_user(client, address) is not None:
            raise CheckFailedError(f"the user {address} was removed and is still there")
    except rest.RestError as error:
        raise CheckFailedError(f"the database does not take a write: {error}") from error
    scene.bench.ledger.strike(address)
    return (f"{address} written, read back and removed",)


def files(scene: Scene) -> Evidence:
    """What Mailman writes is its own, and what holds secrets is closed to others."""
    rules = ownership.rules(scene.host, scene.mailman())
    wrong = [said for rule in rules for said in _broken(scene, rule)]
    if wrong:
        raise CheckFailedError(*wrong)
    return (
        f"{len(rules)} files and directories have the right owner, group and mode",
        f"{cfg.PATH}: closed to others",
    )


def _broken(scene: Scene, rule: Rule) -> tuple[str, ...]:
    state = scene.host.state(rule.path)
    return (f"{rule.path} is not there",) if state is None else rule.broken(state)


CHECKS: tuple[Check[Scene], ...] = (
    Check(
        id="mailman.configuration",
        title="Mailman's configuration",
        proves="The configuration that Mailman itself reports is the one that was planned.",
        see=("runuser -u list -- mailman -C /etc/mailman3/mailman.cfg conf",),
        look=configuration,
    ),
    Check(
        id="mailman.runners",
        title="Every runner works",
        proves="Each runner that this version starts is a live process of the user list, wakes to look at its "
        "queue, and leaves nothing lying there.",
        see=("ps -u list -o pid,stat,args", "ls /var/lib/mailman3/queue/*"),
        look=alive,
    ),
    Check(
        id="mailman.rest",
        title="REST answers",
        proves="The REST interface belongs to Mailman, answers with the password, and refuses without it.",
        see=("curl -i http://{rest}/3.1/system/versions", "ss -ltnp 'sport = :{rest_port}'"),
        look=rest_answers,
    ),
    Check(
        id="mailman.in-effect",
        title="The running Mailman's configuration",
        proves="Mailman was started with the configuration that stands in mailman.cfg, not with an earlier one.",
        see=("curl -u restadmin http://{rest}/3.1/system/configuration/mailman",),
        look=in_effect,
        needs=("mailman.rest",),
    ),
    Check(
        id="mailman.database",
        title="The database takes a write",
        proves="A user was written through Mailman, read back, and removed.",
        see=("runuser -u list -- mailman -C /etc/mailman3/mailman.cfg conf -s database",),
        look=database,
        needs=("mailman.rest",),
    ),
    Check(
        id="mailman.files",
        title="Owners and modes",
        proves="What Mailman writes belongs to it, and what holds secrets is closed to other users.",
        see=("ls -la /etc/mailman3 /var/lib/mailman3 /var/lib/mailman3/data /var/log/mailman3",),
        look=files,
    ),
)
