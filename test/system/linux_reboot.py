"""A Linux guest reboots inside its VM, twice, and still powers off."""

import harness
import linux_guest


def test(bench):
    with bench.boot(linux_guest.configuration(bench)) as machine:
        linux_guest.wait_ready(machine)
        for how in ("reboot", "reboot -f"):
            machine.send(f"{how}\n")
            machine.expect("Booting Linux on physical CPU", harness.BOOT_S)
            linux_guest.wait_ready(machine)
        machine.send("echo still-$((40+2))\n")
        machine.expect("^still-42$", harness.ANSWER_S)
        machine.expect("# ", harness.ANSWER_S)
        linux_guest.power_off(machine)


if __name__ == "__main__":
    parser = linux_guest.add_options(harness.arguments(__doc__))
    options = parser.parse_args()
    harness.main(f"linux_reboot-{options.kernel}-{options.memory}", test, parser)
