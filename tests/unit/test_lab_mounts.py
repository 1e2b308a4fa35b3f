from __future__ import annotations

import stat

from hypothesis import given
from hypothesis import strategies as st

from wizard.lab.mounts import Entry, Kind, Mount, parse, plan

TABLE = rb"""22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,errors=remount-ro
23 22 0:21 / /proc rw,nosuid,nodev,noexec,relatime shared:12 - proc proc rw
24 22 0:5 / /dev rw,nosuid,relatime shared:2 - devtmpfs udev rw,size=493336k
25 24 0:22 / /dev/shm rw,nosuid,nodev shared:4 - tmpfs tmpfs rw
26 22 0:23 / /run rw,nosuid,nodev,noexec,relatime shared:5 - tmpfs tmpfs rw
27 22 254:16 / /home rw,relatime shared:30 - xfs /dev/vdb rw
28 27 0:50 / /home/al\040ice/disk\134\011 rw,relatime - fuse.sshfs al:/ rw
29 22 0:60 / /snap/core ro,nodev,relatime shared:40 - squashfs /dev/loop0 ro
30 22 254:0 /r /etc/resolv.conf rw,relatime - ext4 /dev/vda rw
31 22 0:70 / /srv/hidden rw - tmpfs tmpfs rw
32 22 0:71 / /proc-like rw - tmpfs tmpfs rw
33 22 0:72 / /srv/fifo rw - ext4 /dev/vda rw
"""


def visible(entry: Entry) -> int | None:
    kinds = {"/etc/resolv.conf": stat.S_IFREG, "/srv/hidden": None, "/srv/fifo": stat.S_IFIFO}
    return kinds.get(entry.path, stat.S_IFDIR)


def test_a_line_is_read_with_its_escapes() -> None:
    entries = {entry.number: entry for entry in parse(TABLE)}

    assert entries[28] == Entry(28, "/home/al ice/disk\\\t", "fuse.sshfs", read_only=False)
    assert entries[29].read_only


def test_disks_are_copied_each_in_its_way_and_views_of_the_kernel_are_not() -> None:
    assert plan(parse(TABLE), visible) == (
        Mount("/", Kind.OVERLAY),
        Mount("/etc/resolv.conf", Kind.FILE),
        Mount("/home", Kind.OVERLAY),
        Mount("/home/al ice/disk\\\t", Kind.OVERLAY),
        Mount("/proc-like", Kind.OVERLAY),
        Mount("/snap/core", Kind.READ_ONLY),
    )


def test_a_machine_without_a_table_has_a_root() -> None:
    assert plan(parse(b""), visible) == (Mount("/", Kind.OVERLAY),)


names = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1).filter(
    lambda name: name not in {".", ".."}
)


@given(st.lists(names, min_size=1, max_size=4))
def test_any_path_is_read_as_it_is(parts: list[str]) -> None:
    path = "/mnt/" + "/".join(parts)
    escaped = b"".join(rb"\%03o" % byte if byte in b" \t\n\\" or byte < 33 else bytes([byte]) for byte in path.encode())

    (entry,) = parse(b"40 22 0:9 / " + escaped + b" rw - ext4 /dev/vdc rw\n")

    assert entry.path == path


@given(st.permutations(parse(TABLE)))
def test_parents_come_before_what_is_mounted_on_them(entries: list[Entry]) -> None:
    paths = [mount.path for mount in plan(entries, visible)]

    assert paths[0] == "/"
    assert paths.index("/home") < paths.index("/home/al ice/disk\\\t")
