"""Dedicated devices: each guest's own driver runs its device, and the other guest cannot reach it."""

import datetime

import harness
from mixed import run
from phones import wait_ready

# The real clock is set to a day that no other clock has.
DAY = datetime.date(2031, 5, 17)
DISK_REGISTERS = 0x0a002000


def test(bench):
    image = bench.folder / "dedicated.img"
    image.write_bytes(b"written by the host".ljust(512) + bytes(0x2000000 - 512))
    with bench.boot("dedicated", disks={"disk1": image}, extra=["-rtc", f"base={DAY}T12:00:00"]) as machine:
        wait_ready(machine, ("linux0", "linux1"))
        # The disk: another guest's driver would find none, and its registers are not in that guest's memory.
        run(machine, 1, "linux0", "cat /sys/block/vda/size", rf"^{0x2000000 // 512}$")
        run(machine, 1, "linux0", "grep -c virtio /proc/interrupts", r"^1$")
        run(machine, 1, "linux0", "cd /data && dd if=/dev/urandom of=f bs=1M count=4 && sync && sha256sum f >s; "
            "echo 3 >/proc/sys/vm/drop_caches; sha256sum -c s", r"^f: OK$", 120)
        run(machine, 2, "linux1", "ls /sys/block | grep -c vd", r"^0$")
        run(machine, 2, "linux1", f"toybox devmem {DISK_REGISTERS:#x} 4", r"Bus error|SIGBUS|exception")
        # The clock: only the guest that owns it sees the board's day.
        run(machine, 2, "linux1", "hwclock -r -u", DAY.strftime(r"%b %d .*%Y"))
        run(machine, 1, "linux0", "hwclock -r -u | grep -c 2031", r"^0$")


if __name__ == "__main__":
    harness.main("dedicated", test)
