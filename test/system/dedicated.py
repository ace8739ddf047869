"""Dedicated devices: each guest's own driver runs its device, and the other guest cannot reach it."""

import datetime
import json
import pathlib
import socket
import tempfile
import time

import harness
from mixed import run
from phones import wait_ready

# The real clock is set to a day that no other clock has.
DAY = datetime.date(2031, 5, 17)
# Registers of the transport that has the disk (virtio 1.2, 4.2.2).
DEVICE_ID, STATUS = 0x0a002008, 0x0a002070


class Monitor:
    """QEMU's own word (QMP) on what happened to the board's clock."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))
        self.socket.settimeout(1)
        self.text = ""
        self.socket.sendall(b'{"execute": "qmp_capabilities"}')

    def clock_was_set(self, machine, seconds):
        """True when the clock was set before `seconds` are over."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            machine.pump(0)
            try:
                self.text += self.socket.recv(65536).decode()
            except TimeoutError:
                pass
            events = [json.loads(line).get("event") for line in self.text.split("\n")[:-1]]
            if "RTC_CHANGE" in events:
                return True
        return False


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
        monitor = Monitor(qmp)
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
        assert not monitor.clock_was_set(machine, 5), "linux0 reached the board's clock"
        run(machine, 2, "linux1", "date -u -s 2035-01-01; hwclock -w -u; echo set-$?", r"^set-0$")
        assert monitor.clock_was_set(machine, harness.ANSWER_S), "linux1 does not drive the board's clock"


if __name__ == "__main__":
    harness.main("dedicated", test)
