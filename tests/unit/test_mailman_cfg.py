"""mailman.cfg: read, and changed so that every byte that was not asked for stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.doubles import MemoryHost
from wizard.errors import RefusedError
from wizard.mailman import cfg, settings
from wizard.mailman.cfg import Config, Edit
from wizard.site import Site, build

DEBIAN = """\
# AUTOMATICALLY GENERATED: mind the admin's comments
[mailman]
# who gets mail
site_owner: changeme@example.com
noreply_address: noreply
layout: debian

[paths.debian]
var_dir: /var/lib/mailman3
log_dir = /var/log/mailman3
data_dir: $var_dir/data
bin_dir: /usr/lib/mailman3/bin

[webservice]
hostname: localhost
port: 8001
admin_user: restadmin
admin_pass:   tEWNAC63ASzLhS8b_0rhrpAvS79NP9Yj

[mta]
incoming: mailman.mta.postfix.LMTP
; the last comment
"""


@st.composite
def documents(draw: st.DrawFn) -> str:
    """A mailman.cfg as admins write them: comments, empty lines, both delimiters, several lines to a value."""
    noise = st.sampled_from(["", "# a comment", "; another = one", "#[not a section]", "   "])
    values = st.text("ab cé$%:=#;/@[]\\'\"", max_size=12).map(str.strip)
    text = ["\n".join(draw(st.lists(noise, max_size=2)))]
    for section in draw(st.lists(st.sampled_from(["mailman", "mta", "webservice", "a.b"]), max_size=4, unique=True)):
        text.append(f"[{section}]")
        for key in draw(st.lists(st.sampled_from(["alpha", "beta", "port", "url"]), max_size=4, unique=True)):
            text += draw(st.lists(noise, max_size=2))
            delimiter = draw(st.sampled_from([": ", "= ", ":", " = ", "   :  "]))
            text.append(f"{key}{delimiter}{draw(values)}")
            more = draw(st.lists(st.text("abc", min_size=1, max_size=5), max_size=2))
            text += [f"    {line}" for line in more]
        text += draw(st.lists(noise, max_size=2))
    end = draw(st.sampled_from(["\n", "", "\n\n"]))
    return "\n".join(text) + end


edits = st.lists(
    st.builds(
        Edit,
        st.sampled_from(["mailman", "mta", "a.b", "new"]),
        st.sampled_from(["alpha", "port", "added"]),
        st.text("ab cé$%:=#;/@[]\\'\"", min_size=1, max_size=12).map(str.strip).filter(bool),
    ),
    max_size=5,
    unique_by=lambda edit: (edit.section, edit.key),
)


class TestEdited:
    @given(documents(), edits)
    def test_every_setting_is_as_asked_and_the_others_as_before(self, text: str, asked: list[Edit]) -> None:
        before, after = cfg.parse(text).values, cfg.parse(cfg.edited(text, asked)).values
        wanted = {(edit.section, edit.key): edit.value for edit in asked}
        assert {key: after[key] for key in wanted} == wanted
        assert {key: value for key, value in after.items() if key not in wanted} == {
            key: value for key, value in before.items() if key not in wanted
        }

    @given(documents(), edits)
    def test_doing_it_again_changes_nothing(self, text: str, asked: list[Edit]) -> None:
        once = cfg.edited(text, asked)
        assert cfg.edited(once, asked) == once

    @given(documents())
    def test_no_edit_changes_no_byte(self, text: str) -> None:
        assert cfg.edited(text, []) == text

    @given(documents(), edits)
    def test_no_other_line_is_touched(self, text: str, asked: list[Edit]) -> None:
        touched = {edit.key for edit in asked}
        lines = [line for line in text.split("\n") if line.strip() and not line.startswith((*touched, " "))]
        rest = iter(cfg.edited(text, asked).split("\n"))
        assert all(line in rest for line in lines), "in their order"

    def test_debians_file(self) -> None:
        asked = [
            Edit("mailman", "site_owner", "postmaster@local.edu"),
            Edit("mta", "lmtp_port", "8024"),
            Edit("database", "class", "x.y"),
        ]
        assert cfg.edited(DEBIAN, asked) == DEBIAN.replace("changeme@example.com", "postmaster@local.edu").replace(
            "; the last comment\n", "; the last comment\nlmtp_port: 8024\n\n[database]\nclass: x.y\n"
        )

    def test_an_empty_file_gets_its_sections(self) -> None:
        asked = [Edit("mailman", "a", "1"), Edit("mta", "b", "2"), Edit("mailman", "c", "3")]
        assert cfg.edited("", asked) == "[mailman]\na: 1\nc: 3\n\n[mta]\nb: 2\n"

    def test_a_file_without_a_last_line_end(self) -> None:
        assert cfg.edited("[mta]\na: 1", [Edit("mta", "b", "2")]) == "[mta]\na: 1\nb: 2\n"

    def test_lines_that_end_as_on_windows_stay_so(self) -> None:
        text = "[mta]\r\na: 1\r\nb: 2\r\n"
        after = cfg.edited(text, [Edit("mta", "a", "3")])
        assert "b: 2\r\n" in after
        assert cfg.parse(after).values == {("mta", "a"): "3", ("mta", "b"): "2"}

    @pytest.mark.parametrize("value", ["a\nb", "a\rb", "\n[mta]", "a\0b"])
    def test_a_value_of_several_lines_is_refused(self, value: str) -> None:
        with pytest.raises(ValueError, match="must be one line"):
            cfg.edited(DEBIAN, [Edit("mta", "a", value)])

    @given(st.binary(max_size=80))
    def test_whatever_the_file_holds_it_is_read_or_refused(self, content: bytes) -> None:
        host = MemoryHost()
        host.write(cfg.PATH, content, mode=0o640, owner="root", group="list")
        try:
            config = cfg.read(host)
        except RefusedError:
            return
        assert config is not None
        if config.broken:
            assert cfg.mended(config.text)[1]
            return
        assert cfg.edited(config.text, []).encode("utf-8", "surrogateescape") == content


class TestParse:
    @pytest.mark.parametrize(
        "text",
        [
            "no section: x\n",
            "[mta\na: 1\n",
            "[mta]\na: 1\na: 2\n",
            "[mta]\n[mta]\n",
            "[mta]\n  indented first: 1\n: no key\n",
        ],
    )
    def test_a_broken_file_is_refused_with_its_place(self, text: str) -> None:
        with pytest.raises(RefusedError) as caught:
            cfg.parse(text)
        assert str(cfg.PATH) in str(caught.value)
        assert "nothing was changed" in str(caught.value)
        assert "\n" not in str(caught.value)

    def test_a_file_that_is_not_there(self) -> None:
        assert cfg.read(MemoryHost()) is None

    def test_what_debians_file_says(self) -> None:
        config = cfg.parse(DEBIAN)
        assert config.credentials == ("restadmin", "tEWNAC63ASzLhS8b_0rhrpAvS79NP9Yj")
        assert config.rest == ("localhost", 8001)
        assert config.lmtp == ("127.0.0.1", 8024)
        assert (config.var_dir, config.data_dir) == (Path("/var/lib/mailman3"), Path("/var/lib/mailman3/data"))
        assert (config.queue_dir, config.log_dir) == (Path("/var/lib/mailman3/queue"), Path("/var/log/mailman3"))
        assert config.secrets() == ("tEWNAC63ASzLhS8b_0rhrpAvS79NP9Yj",)

    def test_another_layout(self) -> None:
        text = "[mailman]\nlayout: mine\n[paths.mine]\nvar_dir: /srv/mm\ndata_dir: $var_dir/d\nlog_dir: $var_dir/log\n"
        config = cfg.parse(text)
        assert (config.data_dir, config.log_dir) == (Path("/srv/mm/d"), Path("/srv/mm/log"))

    @pytest.mark.parametrize(("port", "read"), [("8002", 8002), ("", 8001), ("x", 8001), ("²", 8001), ("-1", 8001)])
    def test_a_port_that_is_none_is_the_default(self, port: str, read: int) -> None:
        assert cfg.parse(f"[webservice]\nport: {port}\n").rest[1] == read

    def test_an_address_of_ipv6_loses_its_brackets(self) -> None:
        assert cfg.parse("[webservice]\nhostname: [::1]\n").rest[0] == "::1"


def settled(site: Site, config: Config) -> dict[tuple[str, str], str]:
    return {(each.section, each.key): each.value for each in settings.wanted(site, config)}


class TestWanted:
    @pytest.mark.parametrize("database", ["sqlite", "postgresql://u:pass-word@h/db"])
    def test_what_was_written_is_what_is_wanted(self, database: str) -> None:
        """A second plan is empty: also the password that was made up is kept."""
        site = build({"mailman": {"database": database}})
        missing = [Edit(each.section, each.key, each.value) for each in settings.wanted(site, cfg.parse(DEBIAN))]
        written = cfg.parse(cfg.edited(DEBIAN, missing))
        again = settings.wanted(site, written)
        assert [each for each in again if not each.met(written.get(each.section, each.key))] == []

    @pytest.mark.parametrize("present", ["", "restpass", "x" * (settings.WEAKEST - 1)])
    def test_a_weak_password_is_replaced_by_one_that_nobody_can_guess(self, present: str) -> None:
        config = cfg.parse(f"[webservice]\nadmin_pass: {present}\n")
        first, second = (settled(Site(), config)["webservice", "admin_pass"] for _ in range(2))
        assert len(first) >= settings.WEAKEST
        assert first not in {second, present}

    def test_a_strong_password_and_its_user_are_kept(self) -> None:
        found = settled(Site(), cfg.parse("[webservice]\nadmin_user: me\nadmin_pass: " + "s" * settings.WEAKEST))
        assert found["webservice", "admin_pass"] == "s" * settings.WEAKEST
        assert found["webservice", "admin_user"] == "me"

    def test_what_holds_a_secret_is_marked(self) -> None:
        site = build({"mailman": {"database": "postgresql://u:pass-word@h/db"}})
        marked = {(each.section, each.key) for each in settings.wanted(site, Config("", {})) if each.secret}
        assert marked == {("database", "url"), ("webservice", "admin_pass")}

    def test_the_answers_are_in_it(self) -> None:
        site = build({"mailman": {"lmtp": "127.0.0.2:8124", "rest": "[::1]:8101", "site_owner": "me@local.edu"}})
        found = settled(site, Config("", {}))
        assert found["mta", "lmtp_host"] == "127.0.0.2"
        assert found["mta", "lmtp_port"] == "8124"
        assert found["webservice", "port"] == "8101"
        assert found["webservice", "hostname"] == "[::1]"
        assert found["mailman", "site_owner"] == "me@local.edu"

    def test_each_has_its_reason_and_is_asked_once(self) -> None:
        wanted = settings.wanted(Site(), Config("", {}))
        assert all(each.why for each in wanted)
        assert len({(each.section, each.key) for each in wanted}) == len(wanted)

    def test_another_name_of_this_machine_will_do_for_smtp(self) -> None:
        host = next(each for each in settings.wanted(Site(), Config("", {})) if each.key == "smtp_host")
        assert [value for value in ("localhost", "127.0.0.1", "::1", "mail.local.edu", "") if host.met(value)] == [
            "localhost",
            "127.0.0.1",
            "::1",
        ]


class TestMended:
    def test_lines_that_are_no_settings_are_commented_out(self) -> None:
        text = DEBIAN + "\n[broken\nnonsense\n"
        after, numbers = cfg.mended(text)
        lines = text.split("\n")
        assert [lines[number - 1] for number in numbers] == ["[broken", "nonsense"]
        assert after == DEBIAN + f"\n{cfg.DISABLED}[broken\n{cfg.DISABLED}nonsense\n"
        assert cfg.parse(after).values == cfg.parse(DEBIAN).values

    def test_one_without_faults_stays_as_it_is(self) -> None:
        assert cfg.mended(DEBIAN) == (DEBIAN, ())

    def test_a_setting_that_is_there_twice(self) -> None:
        after, numbers = cfg.mended("[mta]\nsmtp_port: 25\nsmtp_port: 26\n")
        assert (after, numbers) == (f"[mta]\nsmtp_port: 25\n{cfg.DISABLED}smtp_port: 26\n", (3,))

    def test_another_kind_of_file_is_refused(self) -> None:
        with pytest.raises(RefusedError, match="cannot be read"):
            cfg.mended("<html>\n[mta\n" * (cfg.MOST_LINES + 1))
