"""A probe list has whatever decides on mail's way in the list that it stands for."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.message import Message
from functools import partial
from types import SimpleNamespace
from typing import Any
from urllib.error import HTTPError

import pytest

from wizard.probes import likeness


def refusal(said: str) -> HTTPError:
    """What mailmanclient raises: an answer without the headers and the body that urllib's would have."""
    return HTTPError("", 400, said, Message(), None)


class Settings(dict[str, Any]):
    """mailmanclient's: what is read-only is refused here or there, and all that was set is sent at once."""

    known = frozenset({"list_name"})
    refused = frozenset({"watermark"})

    def __init__(self, data: dict[str, Any]) -> None:
        super().__init__(data)
        self.pending: dict[str, Any] = {}
        self.saved: list[dict[str, Any]] = []

    def __setitem__(self, key: str, value: Any) -> None:
        if key in self.known:
            raise ValueError("value is read-only")
        self.pending[key] = value

    def save(self) -> None:
        bad = next((key for key in self.pending if key in self.refused), None)
        pending, self.pending = self.pending, {}
        if bad:
            raise refusal(f"Read-only attribute: {bad}")
        if "wrong" in pending.values():
            raise refusal("Invalid Parameter")
        self.saved.append(pending)
        self.update({key: [] if value == "" else value for key, value in pending.items()})


class Bans(list[Any]):
    """Mailman bans nobody twice; a pattern that fits everything is enough."""

    def add(self, email: str) -> None:
        if any(each.email == "^.*" for each in self):
            raise refusal("Address is already banned")
        self.append(SimpleNamespace(email=email))

    def remove(self, email: str) -> None:
        self[:] = [each for each in self if each.email != email]


@dataclass
class Rules:
    """Header rules, each under its position."""

    rows: list[tuple[str, str, str]] = field(default_factory=list)
    changed: int = 0

    def __iter__(self) -> Any:
        for position, (header, pattern, action) in enumerate(tuple(self.rows)):
            yield SimpleNamespace(header=header, pattern=pattern, action=action, delete=partial(self.delete, position))

    def delete(self, position: int) -> None:
        del self.rows[position]
        self.changed += 1

    def add(self, header: str, pattern: str, action: str) -> None:
        self.rows.append((header, pattern, action))
        self.changed += 1


class MailingList:
    def __init__(self, name: str, settings: dict[str, Any]) -> None:
        self.list_id, self.fqdn_listname, self.mail_host = f"{name}.local.edu", f"{name}@local.edu", "local.edu"
        self.settings = Settings({"list_name": name, "advertised": True, "archive_policy": "public",
                                  "digests_enabled": True, **settings})  # fmt: skip
        self.header_matches, self.bans = Rules(), Bans()
        self.uris: dict[str, tuple[str, str | None, str | None]] = {}

    @property
    def templates(self) -> list[Any]:
        return [SimpleNamespace(name=name, uri=uri, username=user, password=password)
                for name, (uri, user, password) in self.uris.items()]  # fmt: skip

    def set_template(self, name: str, uri: str, username: str | None = None, password: str | None = None) -> None:
        self.uris.pop(name, None)
        if uri:
            self.uris[name] = (uri, username, password)


@pytest.fixture
def model() -> MailingList:
    found = MailingList("reading-group", {"filter_content": True, "pass_types": ["text/html"], "gateway_to_news": True,
                                          "watermark": 7})  # fmt: skip
    found.header_matches.rows = [("from", "^a", "hold"), ("subject", "^b", "discard")]
    found.bans.extend([SimpleNamespace(email="^.*"), SimpleNamespace(email="a@local.edu")])
    found.uris = {"list:member:regular:footer": ("http://127.0.0.1:9/$listname/$language", "user", "secret")}
    return found


@pytest.fixture
def probe() -> MailingList:
    return MailingList("mwz_l1", {"filter_content": False, "pass_types": [], "gateway_to_news": False, "watermark": 1})


def test_whatever_decides_on_the_way_is_copied(model: MailingList, probe: MailingList) -> None:
    likeness.copy(model, lambda: probe)
    assert (probe.settings["filter_content"], probe.settings["pass_types"]) == (True, ["text/html"])
    assert probe.header_matches.rows == model.header_matches.rows
    assert {each.email for each in probe.bans} == {"^.*", "a@local.edu"}
    assert probe.uris == {
        "list:member:regular:footer": ("http://127.0.0.1:9/reading-group@local.edu/$language", "user", "secret")
    }


def test_what_is_the_list_s_own_or_read_only_is_not(model: MailingList, probe: MailingList) -> None:
    likeness.copy(model, lambda: probe)
    assert not probe.settings["gateway_to_news"]
    assert probe.settings["list_name"] == "mwz_l1"
    assert probe.settings["watermark"] == 1
    assert {key: probe.settings[key] for key in likeness.QUIET} == likeness.QUIET


def test_a_second_time_nothing_is_changed(model: MailingList, probe: MailingList) -> None:
    likeness.copy(model, lambda: probe)
    changed = probe.header_matches.changed
    likeness.copy(model, lambda: probe)
    assert len(probe.settings.saved) == 1
    assert probe.header_matches.changed == changed


def test_what_the_original_has_no_longer_goes_from_the_copy_too(model: MailingList, probe: MailingList) -> None:
    likeness.copy(model, lambda: probe)
    model.settings.update({"pass_types": []})
    model.header_matches.rows = [("from", "^c", "hold")]
    model.bans.clear()
    model.uris.clear()
    likeness.copy(model, lambda: probe)
    assert probe.settings["pass_types"] == []
    assert probe.header_matches.rows == [("from", "^c", "hold")]
    assert not probe.bans
    assert not probe.uris


def test_what_mailman_does_not_take_is_an_error(model: MailingList, probe: MailingList) -> None:
    model.settings.update({"filter_content": "wrong"})
    with pytest.raises(HTTPError):
        likeness.copy(model, lambda: probe)


def test_no_template_is_left(model: MailingList) -> None:
    likeness.clear(model)
    assert not model.uris
