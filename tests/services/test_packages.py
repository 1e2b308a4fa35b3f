"""apt driven for real, in labs: with packages that ask, fail, hang, and machines that lack something."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from wizard import apt, packages
from wizard.errors import CommandError, RefusedError
from wizard.lab import Lab

ASKS = """#!/bin/sh
printf 'Proceed with everything? [y/N] ' > /dev/tty; read one < /dev/tty
printf 'Overwrite it (a/b) [default=a] ? ' > /dev/tty; read two < /dev/tty
echo "answers: <$one> <$two>"
"""
ASKS_STRANGELY = """#!/bin/sh
printf 'Which colour shall it be: ' > /dev/tty; read colour < /dev/tty
echo "colour: <$colour>"
"""
ASKS_FOR_EVER = """#!/bin/sh
while :; do printf 'Really? [y/N] ' > /dev/tty; read answer < /dev/tty; done
"""

Install = Callable[..., str]


@pytest.fixture
def install(lab: Lab, tmp_path: Path) -> Install:
    def run(*names: str, within: Lab = lab, limit: float = 60) -> str:
        transcript = tmp_path / "transcript"
        try:
            packages.install(names, transcript=transcript, limit=limit, within=within.enter)
        finally:
            said = transcript.read_text()
        return said

    return run


def make(lab: Lab, name: str, *, version: str = "1", postinst: str = "#!/bin/sh\n", setting: str = "") -> str:
    """Make a package with one configuration file; tell its path in the lab."""
    script = f"""
    mkdir -p /root/{name}/DEBIAN /root/{name}/etc
    cd /root/{name}
    printf '%s\\n' 'Package: {name}' 'Version: {version}' 'Architecture: all' > DEBIAN/control
    printf '%s\\n' 'Maintainer: x <x@x>' 'Description: x' >> DEBIAN/control
    echo /etc/{name}.conf > DEBIAN/conffiles
    echo '{setting}' > etc/{name}.conf
    cat > DEBIAN/postinst
    chmod 755 DEBIAN/postinst
    dpkg-deb --build . /root/{name}_{version}.deb
    """
    lab.run(["sh", "-ec", script], stdin=postinst).require()
    return f"/root/{name}_{version}.deb"


def status(lab: Lab, name: str) -> str | None:
    said = lab.run(["dpkg-query", "--show", "--showformat=${Package}\\t${db:Status-Status}\\t${Version}\\n", name])
    return packages.parse_installed(said.stdout, [name])[name]


class TestQuestions:
    def test_known_ones_are_answered_with_their_default_and_are_in_the_transcript(
        self, lab: Lab, install: Install
    ) -> None:
        said = install(make(lab, "asks", postinst=ASKS))

        assert "answers: <> <>" in said
        assert "Proceed with everything? [y/N]" in said
        assert said.count("# answered by rule: the default (Enter)") == 2
        assert status(lab, "asks") == "1"

    def test_an_unknown_one_is_answered_after_a_silence(
        self, lab: Lab, install: Install, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(apt, "SILENCE", 1.0)

        said = install(make(lab, "asks-strangely", postinst=ASKS_STRANGELY))

        assert "Which colour shall it be:" in said
        assert "colour: <>" in said

    def test_one_that_comes_again_and_again_is_an_error(self, lab: Lab, install: Install) -> None:
        with pytest.raises(CommandError, match=r"Really\? \[y/N\].*dpkg --configure -a"):
            install(make(lab, "asks-for-ever", postinst=ASKS_FOR_EVER))

        assert "postinst" not in lab.run(["ps", "ax"]).stdout
        lab.run(["dpkg", "--force-all", "--purge", "asks-for-ever"]).require()

    def test_the_admins_configuration_file_is_kept(self, lab: Lab, install: Install) -> None:
        install(make(lab, "configured", setting="packaged"))
        lab.run(["sh", "-c", "echo mine > /etc/configured.conf"]).require()

        install(make(lab, "configured", version="2", setting="packaged anew"))

        assert lab.run(["cat", "/etc/configured.conf"]).stdout == "mine\n"
        assert status(lab, "configured") == "2"


class TestFailures:
    def test_silence_ends_at_the_limit(self, fresh_lab: Lab, install: Install) -> None:
        package = make(fresh_lab, "hangs", postinst="#!/bin/sh\nsleep 65.25\n")
        start = time.monotonic()

        with pytest.raises(CommandError, match="did not come to its end"):
            install(package, within=fresh_lab, limit=4)

        assert time.monotonic() - start < 30
        assert status(fresh_lab, "hangs") is None

    def test_a_script_that_fails(self, fresh_lab: Lab, install: Install) -> None:
        with pytest.raises(CommandError, match="exit status 7"):
            install(make(fresh_lab, "fails", postinst="#!/bin/sh\nexit 7\n"), within=fresh_lab)

    def test_no_network(self, lab: Lab, install: Install) -> None:
        lab.run(["sh", "-c", """echo 'Acquire::Retries "0";' > /etc/apt/apt.conf.d/99-at-once"""]).require()

        with pytest.raises(RefusedError, match="no network for packages"):
            install("hello")

    def test_a_package_that_there_is_not(self, fresh_lab: Lab, install: Install) -> None:
        fresh_lab.run(["sh", "-c", "rm -rf /etc/apt/sources.list* /var/lib/apt/lists/*"]).require()

        with pytest.raises(RefusedError, match=r"/etc/apt/sources.list.*no-such-package"):
            install("no-such-package", within=fresh_lab)

    def test_a_full_disk(self, fresh_lab: Lab, install: Install) -> None:
        full = ["mount", "-t", "tmpfs", "-o", "size=16k", "none", "/var/cache/apt/archives"]
        fresh_lab.run(full).require()

        with pytest.raises(RefusedError, match="the disk is full"):
            install("hello", within=fresh_lab)

    def test_a_lock_is_waited_for_and_its_holder_named(
        self, fresh_lab: Lab, install: Install, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(packages, "LOCK_LIMIT", 0.0)
        package = make(fresh_lab, "locked-out")
        # The holder lets go by itself: what is shown is that apt waits for somebody else's end.
        hold = (
            "import fcntl, time; f = open('/var/lib/dpkg/lock-frontend', 'w'); fcntl.lockf(f, fcntl.LOCK_EX);"
            "open('/run/held', 'w'); time.sleep(6)"
        )
        fresh_lab.run(["sh", "-c", f'setsid python3 -c "{hold}" & until test -e /run/held; do :; done']).require()

        with pytest.raises(RefusedError, match=r"python3 \(process \d+\) holds the lock /var/lib/dpkg/lock-frontend"):
            install(package, within=fresh_lab)
        monkeypatch.setattr(packages, "LOCK_LIMIT", 30.0)
        install(package, within=fresh_lab)

        assert status(fresh_lab, "locked-out") == "1"


def test_progress_goes_up_to_the_end(lab: Lab, tmp_path: Path) -> None:
    told: list[tuple[float, str]] = []
    package = make(lab, "progressing")

    packages.install(
        [package],
        transcript=tmp_path / "deep" / "transcript",
        progress=lambda done, what: told.append((done, what)),
        within=lab.enter,
    )

    shares = [done for done, _ in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert any("progressing" in what for _, what in told)


def test_lists_that_are_missing_are_fetched_first(bare_lab: Lab, install: Install) -> None:
    bare_lab.run(["sh", "-c", "rm -rf /var/lib/apt/lists/*"]).require()

    said = install("hello", within=bare_lab, limit=300)

    assert "# apt-get --quiet" in said
    assert bare_lab.run(["hello"]).stdout == "Hello, world!\n"
    assert " update " in said
