"""The radio's deadlines while a Linux guest boots beside it and then computes without end, in virtual time, where the
host's load does not count: none is missed, and no release waits for long.
"""

import re

import harness

CONFIGURATION = """/dts-v1/;
/ {
\tdomains {
\t\t#address-cells = <2>;
\t\t#size-cells = <2>;
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
        met, missed, worst = (int(number) for number in last.groups())
        assert met > int(before.group(1)) + 200, f"{before.group(0)}; {last.group(0)}"
        assert missed == 0, last.group(0)
        assert worst <= WORST_US, last.group(0)


if __name__ == "__main__":
    harness.main("radio", test)
