from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.facts import stamps


def utc(*parts: int) -> datetime:
    year, month, day, hour, minute, second = (*parts, 0, 0, 0)[:6]
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)


@pytest.mark.parametrize(
    ("stamp", "now", "found"),
    [
        ("Nov 22 07:00:00", utc(2026, 11, 22, 7), utc(2026, 11, 22, 7)),
        ("Nov  2 07:00:00", utc(2026, 11, 22), utc(2026, 11, 2, 7)),
        ("Dec 31 23:59:59", utc(2027, 1, 1), utc(2026, 12, 31, 23, 59, 59)),
        ("Jan  1 00:00:05", utc(2026, 12, 31, 23, 59, 59), utc(2027, 1, 1, 0, 0, 5)),
        ("Nov 24 07:00:00", utc(2026, 11, 22), utc(2025, 11, 24, 7)),
        ("Feb 29 12:00:00", utc(2026, 11, 22), utc(2024, 2, 29, 12)),
        ("Feb 30 12:00:00", utc(2026, 11, 22), None),
        ("Nop 22 07:00:00", utc(2026, 11, 22), None),
        ("Nov 22 07:00", utc(2026, 11, 22), None),
    ],
)
def test_latest_year_that_is_not_in_the_future(stamp: str, now: datetime, found: datetime | None) -> None:
    assert stamps.latest(stamp, now, UTC) == found


def test_zone_of_the_writer() -> None:
    east = timezone(timedelta(hours=2))
    assert stamps.with_year("Nov 22 01:00:00", 2026, east) == utc(2026, 11, 21, 23)
    assert stamps.iso("2026-11-22T01:00:00+02:00") == utc(2026, 11, 21, 23)
    assert stamps.iso("2026-11-22T01:00:00Z") == utc(2026, 11, 22, 1)
    assert stamps.iso("2026-11-22T01:00:00") is None


def test_zone_of_this_machine() -> None:
    here = datetime(2026, 7, 1, 12, tzinfo=UTC).astimezone()
    assert stamps.with_year(here.strftime("%b %d %H:%M:%S"), 2026) == here


@given(st.text() | st.from_regex(r"[A-Z][a-z]{2} [ 0-9]\d \d\d:\d\d:\d\d", fullmatch=True), st.integers())
def test_nothing_crashes(stamp: str, year: int) -> None:
    stamps.with_year(stamp, year)
    stamps.with_year(stamp, 1)
    stamps.with_year(stamp, 9999)
    stamps.latest(stamp, utc(2026, 11, 22))
    stamps.iso(stamp)
