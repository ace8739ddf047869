"""An unmodified Debian kernel boots to its shell, answers what is typed, and powers the board off."""

import harness
import linux_guest


def test(bench):
    package = bench.package(linux_guest.configuration(bench))
    linux_guest.assert_unmodified(package, bench.options.kernel)
    with bench.boot(package=package) as machine:
        linux_guest.wait_ready(machine)
        machine.send("echo answer-$((6*7))\n")
        machine.expect(r"echo answer-\$\(\(6\*7\)\)", harness.ANSWER_S)
        machine.expect("^answer-42$", harness.ANSWER_S)
        machine.expect("# ", harness.ANSWER_S)
        # Ctrl-C reaches the guest: the sleep ends long before its time. It is a signal only when the command runs.
        machine.send("sh -c 'echo asleep-$((1+1)); exec sleep 10000'\n")
        machine.expect("^asleep-2$", harness.ANSWER_S)
        machine.send("\x03")
        machine.expect("# ", harness.ANSWER_S)
        machine.send("uname -m; echo back-$?\n")
        machine.expect("^armv7l$", harness.ANSWER_S)
        machine.expect("^back-0$", harness.ANSWER_S)
        linux_guest.power_off(machine)


if __name__ == "__main__":
    parser = linux_guest.add_options(harness.arguments(__doc__))
    options = parser.parse_args()
    harness.main(f"linux_boot-{options.kernel}-{options.memory}", test, parser)
