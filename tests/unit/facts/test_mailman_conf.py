from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.errors import CommandError
from wizard.facts import mailman_conf

from .recorded import DEBIAN_12, DEBIAN_13, recording, telling

CONFIG = Path("/etc/mailman3/mailman.cfg")
CONF = mailman_conf.parse(recording("mailman-conf.txt"))
RELEASES = pytest.mark.parametrize("release", [DEBIAN_12, DEBIAN_13])


@pytest.mark.parametrize(
    ("release", "count", "together", "nntp"), [(DEBIAN_12, 492, "500", "yes"), (DEBIAN_13, 503, "10", "no")]
)
def test_values(release: str, count: int, together: str, nntp: str) -> None:
    conf = mailman_conf.parse(recording("mailman-conf.txt", release))
    assert len(conf) == count
    assert (conf["mta", "max_recipients"], conf["runner.nntp", "start"]) == (together, nntp)
    assert conf["mta", "lmtp_port"] == "8024"
    assert conf["mta", "smtp_user"] == ""
    assert conf["mta", "verp_confirm_regexp"] == r"^(.*<)?(?P<addr>[^+]+?)\+(?P<cookie>[^@]+)@.*$"
    assert len({section for section, _ in conf if section.startswith("runner.")}) == 15


@RELEASES
def test_value_over_several_lines(release: str) -> None:
    conf = mailman_conf.parse(recording("mailman-conf.txt", release))
    assert conf["digests", "plain_digest_keep_headers"].split("\n") == [
        "Message Date From",
        "Subject To Cc",
        "Message-ID Keywords",
        "Content-Type",
    ]


def test_warnings_before_the_first_value_are_left_out() -> None:
    assert mailman_conf.parse("DeprecationWarning: x\n[mta] smtp_port: 25\n") == {("mta", "smtp_port"): "25"}


@RELEASES
def test_directories_of_the_layout_in_use(release: str) -> None:
    found = mailman_conf.directories(mailman_conf.parse(recording("mailman-conf.txt", release)), CONFIG)
    assert found["queue_dir"] == Path("/var/lib/mailman3/queue")
    assert found["lock_file"] == Path("/var/lib/mailman3/locks/master.lck")
    assert found["log_dir"] == Path("/var/log/mailman3")
    assert found["pid_file"] == Path("/run/mailman3/master.pid")


def test_directories_that_depend_on_where_mailman_was_started() -> None:
    here = mailman_conf.directories({**CONF, ("mailman", "layout"): "here"}, CONFIG)
    assert set(here) == set()
    dev = mailman_conf.directories({**CONF, ("mailman", "layout"): "dev"}, CONFIG)
    assert dev["queue_dir"] == Path("/etc/mailman3/mailman.cfg/../../queue")


def test_names_in_a_circle_end() -> None:
    conf = {
        ("mailman", "layout"): "x",
        ("paths.x", "a"): "$b$b$b$b$b$b$b$b",
        ("paths.x", "b"): "$a$a$a$a$a$a",
    }
    assert mailman_conf.directories(conf, CONFIG) == {}


def test_expand() -> None:
    url = CONF["database", "url"]
    assert mailman_conf.expand(url, CONF, CONFIG) == "sqlite:////var/lib/mailman3/data/mailman.db"
    path = CONF["runner.out", "path"]
    assert mailman_conf.expand(path, CONF, CONFIG, name="out") == "/var/lib/mailman3/queue/out"
    assert mailman_conf.expand("$else and 100% $", CONF, CONFIG) == "$else and 100% $"


def test_read_runs_as_the_user_list() -> None:
    host = telling(recording("mailman-conf.txt"))
    assert mailman_conf.read(host, CONFIG) == CONF
    assert host.calls == [(("mailman", "-C", str(CONFIG), "conf"), None, "list")]


def test_read_that_tells_nothing_is_an_error() -> None:
    with pytest.raises(CommandError, match="no value"):
        mailman_conf.read(telling("Usage: mailman\n"), CONFIG)
    with pytest.raises(CommandError, match="ended with 2"):
        mailman_conf.read(telling(code=2, err="Error: no such command\n"), CONFIG)


@pytest.mark.parametrize(("release", "version"), [(DEBIAN_12, "3.3.8"), (DEBIAN_13, "3.3.10")])
def test_version(release: str, version: str) -> None:
    assert mailman_conf.version(telling(recording("mailman-version.txt", release))) == version


def test_version_missing() -> None:
    with pytest.raises(CommandError, match="version"):
        mailman_conf.version(telling("?"))


@pytest.mark.parametrize(("text", "truth"), [("yes", True), ("On", True), ("1", True), ("no", False), ("", False)])
def test_booleans(text: str, *, truth: bool) -> None:
    assert mailman_conf.is_true(text) is truth


lines = st.sampled_from(["[paths.x] a: $b$b", "[paths.x] b: $a/${", "[mailman] layout: x", "[] x: y", "[a] b:"])


@given(st.lists(lines | st.text()).map("\n".join))
def test_nothing_crashes_the_parser(text: str) -> None:
    conf = mailman_conf.parse(text)
    mailman_conf.directories(conf, CONFIG)
