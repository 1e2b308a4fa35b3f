from __future__ import annotations

import errno
import os

import pytest

from wizard.errors import RefusedError
from wizard.lab.mounts import Kind, Mount
from wizard.lab.order import Order, Report, part
from wizard.lab.preflight import explain, missing_capabilities, require_rights

STATUS = "Name:\tpython\nCapInh:\t0000000000000000\nCapPrm:\t{0}\nCapEff:\t{0}\nCapBnd:\t000001ffffffffff\n"


def test_root_on_a_machine_lacks_nothing() -> None:
    assert missing_capabilities(STATUS.format("000001ffffffffff")) == ()


def test_what_a_plain_container_lacks_is_named_with_its_purpose() -> None:
    missing = missing_capabilities(STATUS.format("00000000a80425fb"))

    assert missing == (
        "CAP_SYS_ADMIN (for mounts and namespaces of its own)",
        "CAP_NET_ADMIN (for a network of its own)",
    )


def test_whoever_is_not_root_is_told_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    with pytest.raises(RefusedError, match="needs root"):
        require_rights()


@pytest.mark.parametrize(
    ("step", "number", "said"),
    [
        ("overlay on /", errno.ENODEV, "modprobe overlay"),
        ("tmpfs", errno.ENODEV, "modprobe tmpfs"),
        ("overlay on /", errno.EINVAL, "a lab in a lab"),
        ("overlay on /home", errno.EPERM, "AppArmor"),
        ("unshare", errno.EPERM, "seccomp"),
        ("unshare", errno.EINVAL, "CONFIG_"),
        ("pid_namespace", errno.ENOSPC, "max_*_namespaces"),
        ("tmpfs", errno.ENOMEM, "memory"),
        ("files", errno.EIO, "files: Input/output error"),
    ],
)
def test_a_refused_step_is_explained_with_what_to_do_instead(step: str, number: int, said: str) -> None:
    message = explain(step, number)

    assert said in message
    assert os.strerror(number) in message
    assert "virtual machine" in message


def test_orders_and_reports_are_one_line_each_and_come_back_as_they_were() -> None:
    order = Order(
        mounts=(Mount("/", Kind.OVERLAY), Mount("/a\nb\udcff", Kind.FILE)),
        layers=("/x", "/y"),
        network=True,
        terminal=None,
    )
    report = Report(step="overlay on /a\nb", errno=22)

    assert "\n" not in order.dump() + report.dump()
    assert Order.load(order.dump()) == order
    assert Report.load(report.dump()) == report


def test_parts_of_a_layer_are_plain_names() -> None:
    assert part("/") == "%2F"
    assert part("/a,b:c\\d") == "%2Fa%2Cb%3Ac%5Cd"
