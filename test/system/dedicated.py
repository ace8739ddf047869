"""Dedicated devices: each guest's own driver runs its device, and the other guest cannot reach it."""

import datetime
import pathlib
import tempfile

import harness
from mixed import run
from phones import wait_ready
from qmp import Monitor

# The real clock is set to a day that no other clock has.
DAY = datetime.date(2031, 5, 17)
# Registers of the transport that has the disk (virtio 1.2, 4.2.2).
DEVICE_ID, STATUS = 0x0a002008, 0x0a002070


def test(bench):
    image = bench.folder / "dedicated.img"
    image.write_bytes(bytes(0x2000000))
    with tempfile.TemporaryDirectory(prefix="pecan-") as sockets:
        run_with(bench, image, pathlib.Path(sockets) / "qmp")
    assert b"linux0" in image.read_bytes()[1024:2048], "the disk's label is not in the host's file"


def run_with(bench, image, qmp):
    extra = ["-rtc", f"base={DAY}T12:00:00", "-qmp", f"unix:{qmp},server=on,wait=off"]
    with bench.boot("dedicated", disks={"disk1": image}, extra=extra) as machine:
        wait_ready(machine, ("linux0", "linux1"))
        monitor = Monitor(machine, qmp)
        run(machine, 1, "linux0", "cat /sys/block/vda/size", rf"^{0x2000000 // 512}$")
        # At the same address the other guest has an empty transport of its VM's: what it writes there reaches nobody.
        run(machine, 2, "linux1", "ls /sys/block | grep -c vd", r"^0$")
        run(machine, 2, "linux1", f"toybox devmem {DEVICE_ID:#x} 4", r"^0x0+$")
        run(machine, 2, "linux1", f"toybox devmem {STATUS:#x} 4 0; echo reset-$?", r"^reset-0$")
        run(machine, 1, "linux0", "cd /data && dd if=/dev/urandom of=f bs=1M count=4 && sync && sha256sum f >s; "
            "echo 3 >/proc/sys/vm/drop_caches; sha256sum -c s", r"^f: OK$")
        # The clock: what its owner's driver sets is the board's, what the other guest sets is its VM's own.
        run(machine, 2, "linux1", "hwclock -r -u", DAY.strftime(r"%b %d .*%Y"))
        run(machine, 1, "linux0", "date -u -s 2037-01-01; hwclock -w -u; echo set-$?", r"^set-0$")
        assert not monitor.saw("RTC_CHANGE", 5), "linux0 reached the board's clock"
        run(machine, 2, "linux1", "date -u -s 2035-01-01; hwclock -w -u; echo set-$?", r"^set-0$")
        assert monitor.saw("RTC_CHANGE", harness.ANSWER_S), "linux1 does not drive the board's clock"


if __name__ == "__main__":
    harness.main("dedicated", test)
