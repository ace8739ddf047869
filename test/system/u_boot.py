"""U-Boot, as Debian packages it for QEMU's virt machine, starts as a ROM and reaches its prompt."""

import harness

CONFIGURATION = """/dts-v1/;
/ {
\tdomains {
\t\t#address-cells = <2>;
\t\t#size-cells = <2>;
\t\tuboot {
\t\t\tcompatible = "openamp,domain-v1";
\t\t\tmemory = <0x0 0x40000000 0x0 0x8000000>;
\t\t\tpecan,rom = "u-boot";
\t\t\tpecan,kernel-format = "rom";
\t\t};
\t};
};
"""


def test(bench):
    path = bench.folder / "config.dts"
    path.write_text(CONFIGURATION)
    with bench.boot(path) as machine:
        machine.expect(r"^U-Boot 20\d\d\.\d\d", harness.BOOT_S)
        machine.expect("Hit any key to stop autoboot", harness.BOOT_S)
        machine.send("\r")
        machine.expect("^=> ", harness.ANSWER_S)
        machine.send("version\r")
        machine.expect(r"^U-Boot 20\d\d\.\d\d", harness.ANSWER_S)
        machine.send("poweroff\r")
        assert machine.wait_exit(harness.ANSWER_S) == 0


if __name__ == "__main__":
    harness.main("u_boot", test)
