"""The disk under what is changed: what is on it, and not in memory alone, is what a power cut leaves."""

from __future__ import annotations

from dataclasses import dataclass

from tests.services.server import Server

PLACES = ("etc/postfix", "etc/logrotate.d", "etc/mailman3", "var/lib/mailman-wizard")
_WITH = "loop,commit=300,data=writeback,noauto_da_alloc"
"""As unkind as ext4(5) can be: nothing is written for five minutes unless a program asks, and then in any order."""
_MOUNT = f"""
    mount -o {_WITH} /root/disk/image /root/disk/mounted
    for place in {" ".join(PLACES)}; do
        mkdir -p /root/disk/mounted/$place
        mount --bind /root/disk/mounted/$place /$place
    done
"""
_MAKE = f"""
    mkdir -p /root/disk/mounted
    test -e /dev/loop-control || mknod /dev/loop-control c 10 237
    for number in $(seq 0 63); do
        test -e /dev/loop$number || mknod /dev/loop$number b 7 $number
    done
    truncate -s 32M /root/disk/image
    mkfs.ext4 -q /root/disk/image
    mount -o loop /root/disk/image /root/disk/mounted
    for place in {" ".join(PLACES)}; do
        mkdir -p /$place /root/disk/mounted/$place
        cp -a /$place/. /root/disk/mounted/$place
        chown --reference=/$place /root/disk/mounted/$place
        chmod --reference=/$place /root/disk/mounted/$place
    done
    umount /root/disk/mounted
"""
_CUT = f"""
    cp --sparse=always /root/disk/image /root/disk/left
    for place in {" ".join(PLACES)}; do
        umount --lazy /$place
    done
    umount --lazy /root/disk/mounted
    mv /root/disk/left /root/disk/image
"""


@dataclass(frozen=True, slots=True)
class Disk:
    """An ext4 of its own for `PLACES`, in a file: a block device that only the file system's own writes reach."""

    server: Server

    def make(self) -> None:
        self.server.sh(_MAKE + _MOUNT)

    def settle(self) -> None:
        """Let all that there is be on the disk."""
        self.server.sh("sync --file-system /root/disk/mounted")

    def cut(self) -> None:
        """Go on with what is on the disk at this moment, as after a power cut: the rest was never written."""
        self.server.sh(_CUT + _MOUNT)
