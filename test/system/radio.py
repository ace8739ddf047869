"""The radio's deadlines while a Linux guest boots beside it, computes without end, floods its console and its disk, and
is built anew, and while the manager asks and asks: in virtual time, where the host's load does not count. None is missed,
and no release waits for long.
"""

import re

import harness
from pecanlib.control import Control

CONFIGURATION = """#include "domain.dtsi"
#include "board.dtsi"
&console0 {
\tstatus = "okay";
};
&disk0 {
\tstatus = "okay";
\tpecan,size = <0x0 0x2000000>;
\tpartitions {
\t\tcompatible = "fixed-partitions";
\t\t#address-cells = <2>;
\t\t#size-cells = <2>;
\t\tpart0: partition@0 { label = "linux0"; reg = <0x0 0x0 0x0 0x2000000>; };
\t};
};
/ {
\tdomains {
\t\tlinux0 {
\t\t\tcompatible = "openamp,domain-v1";
\t\t\tmemory = <0x0 0x40000000 0x0 0x08000000>;
\t\t\tpecan,kernel = "linux-armmp-lpae";
\t\t\tpecan,initrd = "initramfs-phone-lpae";
\t\t\taccess = <&part0 PECAN_SHARED>;
\t\t\tpecan,bootargs = "console=ttyAMA0 cryptomgr.notests cma=0 pecan.name=linux0";
\t\t};
\t\tradio {
\t\t\tcompatible = "openamp,domain-v1";
\t\t\tmemory = <0x0 0x40000000 0x0 0x00080000>;
\t\t\tpecan,kernel = "radio";
\t\t\tpecan,kernel-format = "elf";
\t\t\tpecan,bootargs = "report=1";
\t\t\tpecan,priority = <200>;
\t\t};
\t};
};
"""
REPORT = re.compile(r"RADIO deadlines met: (\d+), missed: (\d+), worst latency: (\d+) us")
# 1,000 instructions a microsecond. Only the kernel is ahead of a release.
WORST_US = 5
FLOODS = (
    "seq 1 20000",
    "dd if=/dev/zero of=/data/zeros bs=1M count=8 conv=fsync",
    "dd if=/dev/vda of=/dev/null bs=4k count=2000",
)


def check(report):
    print(report.group(0))
    _, missed, worst = (int(number) for number in report.groups())
    assert missed == 0, report.group(0)
    assert worst <= WORST_US, report.group(0)


def fresh(machine):
    """A report of which all is later than now."""
    machine.expect(REPORT, harness.DATA_S)
    return machine.expect(REPORT, harness.DATA_S)


def test(bench):
    path = bench.folder / "config.dts"
    path.write_text(CONFIGURATION)
    with bench.boot(path, icount=True) as machine:
        machine.expect("GUEST READY linux0", harness.DATA_S)
        machine.expect("linux0# ", harness.ANSWER_S)
        for number, flood in enumerate(FLOODS):
            machine.send(f"{flood} && echo E$(({number}+0))\n")
            machine.expect(f"^E{number}", harness.DATA_S)
            check(fresh(machine))
        machine.send("sha256sum /dev/zero\n")
        with Control(machine.devices.control, harness.ANSWER_S) as control:
            manage(machine, control)


def manage(machine, control):
    before = fresh(machine)
    for _ in range(30):
        control.call("list")
        control.call("top")
        control.call("pause", "linux0")
        control.call("resume", "linux0")
        machine.pump(0)
    last = fresh(machine)
    check(last)
    assert int(last.group(1)) > int(before.group(1)) + 200, f"{before.group(0)}; {last.group(0)}"
    for _ in range(3):
        control.call("restart", "linux0")
        machine.expect("GUEST READY linux0", harness.DATA_S)
    check(fresh(machine))


if __name__ == "__main__":
    harness.main("radio", test)
