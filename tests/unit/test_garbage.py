"""The collector of garbage is put off once, and comes back with nothing of what was there to look at."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from wizard import garbage


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    yield
    gc.enable()
    gc.unfreeze()


def test_it_comes_back() -> None:
    garbage.put_off()
    assert not gc.isenabled()
    garbage.resume()
    assert gc.isenabled()
    assert gc.get_freeze_count() > 0


def test_what_was_not_put_off_is_left_as_it_is() -> None:
    garbage.resume()
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
