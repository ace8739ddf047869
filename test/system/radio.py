"""The radio's deadlines while a Linux guest boots beside it, computes without end, and is built anew, in virtual time,
where the host's load does not count: none is missed, and no release waits for long.
"""

import re

import harness
from pecanlib.control import Control

CONFIGURATION = """#include "domain.dtsi"
#include "board.dtsi"
&console0 {
\tstatus = "okay";
};
/ {
\tdomains {
\t\tlinux0 {
\t\t\tcompatible = "openamp,domain-v1";
\t\t\tmemory = <0x0 0x40000000 0x0 0x08000000>;
\t\t\tpecan,kernel = "linux-armmp-lpae";
\t\t\tpecan,initrd = "initramfs";
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
# 1,000 instructions a microsecond: kernel, devmgr and the other VMM are ahead of a release for this long at most.
WORST_US = 20


def check(report):
    _, missed, worst = (int(number) for number in report.groups())
    assert missed == 0, report.group(0)
    assert worst <= WORST_US, report.group(0)


def test(bench):
    path = bench.folder / "config.dts"
    path.write_text(CONFIGURATION)
    with bench.boot(path, icount=True) as machine:
        machine.expect("GUEST READY linux0", 240)
        machine.expect("linux0# ", 60)
        machine.send("sha256sum /dev/zero\n")
        before = machine.expect(REPORT, 120)
        last = machine.expect(REPORT, 120)
        print(last.group(0))
        check(last)
        assert int(last.group(1)) > int(before.group(1)) + 200, f"{before.group(0)}; {last.group(0)}"
        with Control(machine.devices.control) as control:
            control.call("restart", "linux0")
        machine.expect("GUEST READY linux0", 240)
        last = machine.expect(REPORT, 120)
        print(last.group(0))
        check(last)


if __name__ == "__main__":
    harness.main("radio", test)
