"""Times as logs write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SKEW = timedelta(days=1)
"""How far in the future a line's time may be before it must be last year's."""
_LEAP_GAP = 8
"""Years between two 29ths of February, at most."""
_PARTS = re.compile(r"(?P<month>[A-Z][a-z]{2}) {1,2}(?P<day>\d{1,2}) (?P<h>\d\d):(?P<m>\d\d):(?P<s>\d\d)")


def with_year(stamp: str, year: int, zone: tzinfo | None = None) -> datetime | None:
    """Read ``Nov 22 07:00:00`` of a year.

    Args:
        stamp: the time as written.
        year: the year.
        zone: the zone that the writer was in; None is this machine's.

    Returns:
        The time in UTC, or None if there is no such time.
    """
    match = _PARTS.fullmatch(stamp)
    if not match or match["month"] not in MONTHS:
        return None
    day, hour, minute, second = (int(match[name]) for name in ("day", "h", "m", "s"))
    try:
        # Zone None is on purpose: astimezone() then takes the machine's, with its daylight saving.
        naive = datetime(year, MONTHS.index(match["month"]) + 1, day, hour, minute, second, tzinfo=zone)
        return naive.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None


def latest(stamp: str, now: datetime, zone: tzinfo | None = None) -> datetime | None:
    """Read ``Nov 22 07:00:00``, taking the latest year that does not put it in the future.

    Args:
        stamp: the time as written, without a year.
        now: the present, with its zone; a line up to a day ahead of it is still of this year.
        zone: as for `with_year`.
    """
    for year in range(now.year + 1, now.year - _LEAP_GAP - 1, -1):
        found = with_year(stamp, year, zone)
        if found is not None and found - now <= _SKEW:
            return found
    return None


def iso(stamp: str) -> datetime | None:
    """Read RFC 3339 or ISO 8601 with its zone, in UTC; None if it is not one."""
    try:
        found = datetime.fromisoformat(stamp)
        return found.astimezone(UTC) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None
