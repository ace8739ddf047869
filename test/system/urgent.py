"""A guest before all servers takes the processor for seconds, again and again: what is done for another meanwhile is late,
but nobody takes a server that had no time for one that hangs.
"""

import harness
from pecanlib.control import Control

GUEST = """\t\t{name} {{
\t\t\tcompatible = "openamp,domain-v1";
\t\t\tmemory = <0x0 0x40000000 0x0 0x08000000>;
\t\t\tpecan,kernel = "linux-armmp-lpae";
\t\t\tpecan,initrd = "initramfs";
\t\t\tpecan,bootargs = "console=ttyAMA0 quiet cryptomgr.notests cma=0 pecan.name={name}";
\t\t\tpecan,priority = <{priority}>;
\t\t}};
"""
CONFIGURATION = f"""#include "domain.dtsi"
#include "board.dtsi"
&console0 {{
\tstatus = "okay";
}};
/ {{
\tdomains {{
{GUEST.format(name="urgent", priority=200)}{GUEST.format(name="other", priority=100)}\t}};
}};
"""
HOG = "for i in 1 2 3 4 5; do timeout 3 sha256sum /dev/zero; usleep 50000; done; echo E$((1+1))"


def test(bench):
    path = bench.folder / "config.dts"
    path.write_text(CONFIGURATION)
    with bench.boot(path) as machine:
        machine.expect("GUEST READY urgent", harness.BOOT_S)
        machine.expect("GUEST READY other", harness.BOOT_S)
        machine.send("\n")
        machine.expect("urgent# ", harness.ANSWER_S)
        with Control(machine.devices.control, harness.ANSWER_S) as control:
            machine.send(f"{HOG}\n")
            for _ in range(3):
                control.call("restart", "other")
            machine.expect("^E2", harness.BOOT_S)
            machine.expect("GUEST READY other", harness.BOOT_S)
            states = {vm["name"]: vm["state"] for vm in control.call("list")["vms"]}
        assert states == {"urgent": "running", "other": "running"}, states
        text = "\n".join(machine.console.lines)
        assert "does not answer" not in text and "died" not in text, text


if __name__ == "__main__":
    harness.main("urgent", test)
