"""Courses: the built-in one is right, and whatever is wrong with one is named with its file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.training.courses import OUTLINE, TEXT, made
from wizard.mailman.ownership import PACKAGED
from wizard.site.hardening import MAILMAN
from wizard.stages import STAGES
from wizard.stages.postfix import hardening
from wizard.training import toml
from wizard.training.inside import SITE
from wizard.training.load import BUILT_IN, LARGEST, CourseError, load

SMALL = {each.folder: each for each in load(BUILT_IN).lessons}


def wrong(folder: Path) -> list[str]:
    with pytest.raises(CourseError) as caught:
        load(folder)
    assert int(caught.value.exit_code) == 2
    return [str(each) for each in caught.value.wrong]


class TestTheBuiltInOne:
    def test_it_has_a_lesson_for_each_stage_in_both_languages(self) -> None:
        course = load(BUILT_IN)
        assert {each.stage for each in course.lessons} == {each.number for each in STAGES}
        assert course.outline.languages == ("en", "zh")
        assert all(len(text.hints) == 3 for text in course.texts.values())

    def test_its_first_six_are_the_stages_by_number(self) -> None:
        course = load(BUILT_IN)
        assert [course.lesson(str(each.number)) for each in STAGES] == list(course.lessons[:6])
        assert course.lesson("by-hand") is course.lessons[6]
        assert course.lesson("nothing") is None
        assert course.lesson("99") is None

    def test_its_commands_close_a_server_as_the_wizard_would(self) -> None:
        postfix, mailman = ("\n".join(each.run for each in SMALL[name].steps) for name in ("postfix", "mailman"))
        planned = hardening.parameters(SITE, dict.fromkeys(hardening.NAMES, ""), certificate=False)
        assert [each.name for each in planned if each.name not in postfix] == []
        elsewhere = {"admin_pass", "dmarc_mitigate_action"}  # the package has made one; the other is for lists
        assert [name for name in MAILMAN if name not in mailman] == [name for name in MAILMAN if name in elsewhere]
        assert str(PACKAGED) in mailman

    def test_its_drills_are_of_every_level_and_of_stages_one_to_six(self) -> None:
        drills = load(BUILT_IN).drills
        assert {each.level for each in drills} == {1, 2, 3}
        assert {each.known.stage for each in drills} == {1, 2, 3, 4, 5, 6}

    def test_a_language_that_it_is_not_in_becomes_its_first(self) -> None:
        assert load(BUILT_IN).language("fr") == "en"
        assert load(BUILT_IN).language("zh") == "zh"


class TestWhatIsWrong:
    def test_a_right_one_is_taken(self, tmp_path: Path) -> None:
        course = load(made(tmp_path))
        assert course.texts["one", "zh"].title == "Title"
        assert course.texts["one", "en"].hints == ("Question?", "Look.", "Answer.")

    @pytest.mark.parametrize(
        ("old", "new", "said"),
        [
            ('name = "small"\n', 'name = "small"\ncolour = 1\n', "course.toml:3: colour is no key of a course"),
            ("stage = 3", "stage = 9", "course.toml:8: lessons.0.stage: "),
            ("stage = 3\n", "", "course.toml:6: lessons.0.stage is missing"),
            (
                '"emergency"',
                '"emergencies"',
                "course.toml:15: 'emergencies' is no fault of the library; did you mean emergency?",
            ),
            ('"emergency"', '"pending-join"', "course.toml:15: pending-join cannot be seen"),
            ('folder = "one"', 'folder = "../one"', "course.toml:7: lessons.0.folder: "),
            (
                'does = { en = "nothing", zh = "什么都不做" }',
                'does = { en = "no" }',
                "course.toml:12: lessons.0.steps.0.does is in en",
            ),
            (
                'en = "nothing"',
                'en = "no\\u001b[31m"',
                "course.toml:12: lessons.0.steps.0.does.en has a control character",
            ),
            ("level = 2", "level = 4", "course.toml:27: drills.1.level: "),
            ("level = 1", "level = ", "course.toml:16: is not TOML"),
            ('fault = "transport-map-forgotten"', 'fault = "emergency"', "course.toml:26: emergency is there twice"),
        ],
    )
    def test_a_wrong_outline(self, tmp_path: Path, old: str, new: str, said: str) -> None:
        assert old in OUTLINE
        found = wrong(made(tmp_path, OUTLINE.replace(old, new, 1)))
        assert any(each.startswith(said) for each in found), found

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            (TEXT.replace("Task.", "Ta\x1b]0;sk."), "one/en.md:7: has a control character, \\x1b"),
            (TEXT.replace("Task.", "Ta\u202esk."), "one/en.md:7: has a control character, \\u202e"),
            (TEXT.replace("# Title", "Title"), "one/en.md:1: does not begin with a title"),
            (TEXT.replace("Look.\n\n---\n\n", ""), "one/en.md:15: has 4 parts, not 5"),
            (TEXT.replace("Task.", ""), "one/en.md:6: the task is empty"),
            ("x" * (LARGEST + 1), "one/en.md:1: is longer than"),
        ],
    )
    def test_a_wrong_text(self, tmp_path: Path, text: str, said: str) -> None:
        found = wrong(made(tmp_path, text=text))
        assert any(each.startswith(said) for each in found), found

    def test_a_missing_file_and_one_that_is_no_plain_file(self, tmp_path: Path) -> None:
        folder = made(tmp_path)
        (folder / "one" / "zh.md").unlink()
        (folder / "one" / "en.md").unlink()
        (folder / "one" / "en.md").symlink_to("/etc/passwd")
        found = wrong(folder)
        assert "one/zh.md:1: is missing" in found
        assert any(each.startswith("one/en.md:1: cannot be read") for each in found)
        assert wrong(tmp_path / "nowhere") == ["course.toml:1: is missing"]

    def test_a_wrong_key_keeps_no_missing_file_from_being_named(self, tmp_path: Path) -> None:
        folder = made(tmp_path, OUTLINE.replace("stage = 3", "stage = 3\nnonsense = 1"))
        (folder / "one" / "zh.md").unlink()
        assert wrong(folder) == ["course.toml:9: lessons.0.nonsense is no key of a course", "one/zh.md:1: is missing"]

    def test_folders_that_are_none_are_not_looked_into(self, tmp_path: Path) -> None:
        folder = made(tmp_path, OUTLINE.replace('folder = "one"', 'folder = "../one"').replace('"zh"]', '"../zh"]'))
        assert not [each for each in wrong(folder) if ".md" in each]

    def test_bytes_that_are_no_text(self, tmp_path: Path) -> None:
        folder = made(tmp_path)
        (folder / "one" / "en.md").write_bytes(b"# T\n\xff\n")
        assert "one/en.md:2: is not UTF-8" in wrong(folder)

    def test_a_pipe_does_not_hang(self, tmp_path: Path) -> None:
        import os  # noqa: PLC0415

        folder = made(tmp_path)
        (folder / "one" / "en.md").unlink()
        os.mkfifo(folder / "one" / "en.md")
        assert "one/en.md:1: is not a plain file" in wrong(folder)


class TestPlaces:
    def test_a_key_that_is_not_there_is_where_its_table_is(self) -> None:
        found = toml.places('a = 1\n[[b]]\nc = """\nd = 1\n"""\n[[b]]\n[[b.e]]\nf = 1\n')
        assert toml.line(found, ("a",)) == 1
        assert toml.line(found, ("b", 0, "c")) == 3
        assert ("b", 0, "d") not in found
        assert toml.line(found, ("b", 1, "nothing")) == 6
        assert toml.line(found, ("b", 1, "e", 0, "f", "x")) == 8
