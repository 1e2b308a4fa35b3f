"""Parameters of main.cf: what is there, what is wanted, and the change between."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from wizard import staging
from wizard.facts import postconf
from wizard.facts.address_class import entries
from wizard.host import Host
from wizard.plan import File, Why

PATH = staging.POSTFIX / staging.MAIN
OWNER, GROUP, MODE = "root", "root", 0o644


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: what it must become, and why."""

    name: str
    becomes: Callable[[str], str]
    """From the value as written (not expanded) to the one that will do; the same one if it does already."""
    why: str


def merged(*groups: Iterable[Parameter]) -> tuple[Parameter, ...]:
    """Join groups of parameters; one that is in several becomes what the later make of what the earlier did."""
    found: dict[str, Parameter] = {}
    for each in (each for group in groups for each in group):
        before = found.get(each.name)
        found[each.name] = _after(before, each) if before else each
    return tuple(found.values())


def _after(first: Parameter, second: Parameter) -> Parameter:
    return Parameter(first.name, lambda value: second.becomes(first.becomes(value)), f"{first.why}; {second.why}")


def fixed(value: str) -> Callable[[str], str]:
    """Want exactly one value."""
    return lambda _: value


def holding(*wanted: str) -> Callable[[str], str]:
    """Want a list to hold entries; those that are there stay, in their order, and the value's own text too."""

    def becomes(value: str) -> str:
        return added(value, [entry for entry in wanted if entry not in entries(value)])

    return becomes


def lacking(*unwanted: str) -> Callable[[str], str]:
    """Want a list without entries; the others stay, and a value that has none of these stays as it is written."""

    def becomes(value: str) -> str:
        kept = [entry for entry in entries(value) if entry not in unwanted]
        return value if len(kept) == len(entries(value)) else ", ".join(kept)

    return becomes


def added(value: str, missing: Iterable[str]) -> str:
    """Add entries to a list; what is there stays as it is written."""
    more = ", ".join(missing)
    kept = value.rstrip(", \t\r\n")
    return f"{kept}, {more}" if kept and more else more or value


def present(host: Host, names: Iterable[str]) -> dict[str, str]:
    """Tell parameters as written or by default, not expanded.

    A default that is a condition (``${{$compatibility_level} <level …}``) is told as what it comes to: nothing can
    be added to it as it stands.

    Raises:
        CommandError: postconf failed.
    """
    found = postconf.parse_settings(host.run(["postconf", *names]).require().stdout)
    conditions = [name for name, value in found.items() if "${{" in value]
    return found | (postconf.settings(host, names=conditions) if conditions else {})


def edits(parameters: Iterable[Parameter], values: Mapping[str, str]) -> dict[Parameter, str]:
    """Tell which parameters must change, and to what."""
    wanted = {parameter: parameter.becomes(values.get(parameter.name, "")) for parameter in parameters}
    return {parameter: value for parameter, value in wanted.items() if value != values.get(parameter.name, "")}


def change(host: Host, stage: int, parameters: tuple[Parameter, ...]) -> tuple[File, ...]:
    """Plan main.cf on this machine; nothing if every parameter will do as it is.

    Raises:
        CommandError: postconf failed on the staged copy.
    """
    wanted = edits(parameters, present(host, [parameter.name for parameter in parameters]))
    if not wanted:
        return ()
    after = staging.edited_main(host, {parameter.name: value for parameter, value in wanted.items()})
    state = host.state(PATH)
    return (
        File(
            stage=stage,
            path=PATH,
            before=host.read(PATH) if state else None,
            after=after,
            mode=state.mode if state else MODE,
            owner=state.owner if state else OWNER,
            group=state.group if state else GROUP,
            why=_reasons(wanted),
        ),
    )


def noted(files: Iterable[File], notes: Iterable[Why]) -> tuple[File, ...]:
    """Add to changes what is to be known with them."""
    more = tuple(notes)
    return tuple(replace(file, why=(*file.why, *more)) for file in files)


def preview(stage: int, parameters: tuple[Parameter, ...]) -> tuple[File, ...]:
    """Plan main.cf where Postfix is not installed yet: the lines that will be set in the package's file."""
    wanted = edits(parameters, {})
    lines = [f"{parameter.name} = {value}\n" for parameter, value in wanted.items()]
    content = "".join(lines).encode()
    reasons = _reasons(wanted)
    return (File(stage, PATH, None, content, MODE, OWNER, GROUP, reasons, preview=True),)


def _reasons(wanted: Mapping[Parameter, str]) -> tuple[Why, ...]:
    return tuple(Why(parameter.name, parameter.why) for parameter in wanted)
