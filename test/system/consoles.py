"""Two Linux guests on one serial line: prefixes, the escape key, and each powers off by itself."""

import harness

ESCAPE = "\x02"


def shell(machine, name, other):
    """Selects a guest's console by number and talks to its shell; the other guest sees none of it."""
    number = int(name[-1]) + 1
    machine.send(f"{ESCAPE}{number}")
    machine.expect(rf"^\[devmgr\] console {number}: {name}$", harness.ANSWER_S, guest_only=False)
    machine.send("\r")
    machine.expect(rf"^{name}# ", harness.ANSWER_S)
    machine.send("echo $((6 * 7))-$(hostname)\r")
    machine.expect(rf"^42-{name}", harness.ANSWER_S, guest_only=False)
    assert not any(f"42-{other}" in line for line in machine.console.lines)


def test(bench):
    with bench.boot(config="two-linux", semihosting=True) as machine:
        ready = set()
        while len(ready) < 2:
            ready.add(machine.expect(r"GUEST READY (linux[01])", harness.BOOT_S).group(1))
        lines = machine.console.lines
        assert any(line.startswith("linux1| [    0.000000] Booting Linux") for line in lines), "no prefix"
        assert not any(line.startswith("linux0| ") for line in lines), "the selected console has a prefix"
        machine.send(f"{ESCAPE}h")
        machine.expect(r"^\[devmgr\] console 1: linux0 \(selected\)$", harness.ANSWER_S, guest_only=False)
        machine.expect(r"^\[devmgr\] console 2: linux1$", harness.ANSWER_S, guest_only=False)
        shell(machine, "linux1", "linux0")
        machine.send("poweroff\r")
        machine.expect(r"^\[init\] guest linux1 powered off$", harness.ANSWER_S, guest_only=False)
        shell(machine, "linux0", "linux1 again")
        machine.send("poweroff\r")
        machine.expect(r"^\[init\] guest linux0 powered off$", harness.ANSWER_S, guest_only=False)
        assert machine.wait_exit(harness.ANSWER_S) == 0


if __name__ == "__main__":
    harness.main("consoles", test)
