"""An ordinary and a real-time Linux side by side: both at a shell, each its own kernel, and they reach each other."""

import harness
from consoles import ESCAPE
from phones import wait_ready


def run(machine, number, name, command, answer, timeout=harness.ANSWER_S):
    """Types a command at a guest's shell on the serial line and waits for a line of its output."""
    machine.send(f"{ESCAPE}{number}")
    machine.expect(rf"^\[devmgr\] console {number}: {name}$", harness.ANSWER_S, guest_only=False)
    machine.send("\r")
    machine.expect(rf"^{name}# ", harness.ANSWER_S)
    machine.send(f"{command}\r")
    machine.expect(answer, timeout)


def test(bench):
    with bench.boot("mixed") as machine:
        wait_ready(machine, ("linux0", "rt0"))
        run(machine, 1, "linux0", "uname -v; uname -r", r"-armmp$")
        run(machine, 2, "rt0", "uname -v; uname -r", r"-rt-armmp$")
        run(machine, 1, "linux0", "ping -q -c 20 -i 0.1 10.0.0.2", r"20 packets received, 0% packet loss")
        run(machine, 2, "rt0", "ping -q -c 20 -i 0.1 10.0.0.1", r"20 packets received, 0% packet loss")


if __name__ == "__main__":
    harness.main("mixed", test)
