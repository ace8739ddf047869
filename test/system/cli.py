"""What ./pecan promises on the command line: exit statuses, messages with a remedy, where the log is."""

import os
import pty
import re
import select
import signal
import subprocess
import termios
import time

import harness

PECAN = str(harness.ROOT / "pecan")


def pecan(*arguments, timeout=600):
    """(status, stdout, stderr) of one command."""
    done = subprocess.run([PECAN, *arguments], capture_output=True, text=True, timeout=timeout,
                          stdin=subprocess.DEVNULL, errors="replace")
    return done.returncode, done.stdout, done.stderr


def refuses(arguments, status, *words):
    got, _, errors = pecan(*arguments)
    assert got == status, f"pecan {arguments}: status {got}, not {status}\n{errors}"
    for word in words:
        assert word in errors, f"pecan {arguments}: '{word}' is not in:\n{errors}"


def leaves_terminal_as_it_was(arguments):
    """`./pecan run` that is told to end, at a terminal that QEMU has changed."""
    main, terminal = pty.openpty()
    before = termios.tcgetattr(terminal)
    process = subprocess.Popen([PECAN, *arguments], stdin=terminal, stdout=terminal, stderr=terminal,
                               start_new_session=True)
    output, limit = b"", time.monotonic() + 300
    while b"[init]" not in output and time.monotonic() < limit:
        output += os.read(main, 65536)
    assert termios.tcgetattr(terminal) != before, "QEMU has not taken the terminal"
    process.terminate()
    while process.poll() is None and time.monotonic() < limit:
        if select.select([main], [], [], 0.1)[0]:
            os.read(main, 65536)
    assert process.wait(harness.ANSWER_S) == 128 + signal.SIGTERM
    assert termios.tcgetattr(terminal) == before, "the terminal is not what it was"
    os.close(main)
    os.close(terminal)


def test(bench):
    leaves_terminal_as_it_was(["run", "eight"])
    refuses(["run", "no-such-configuration"], 1, "no partition configuration", "one-linux")
    refuses(["run", "--until", "("], 2, "not a regular expression")
    refuses(["run", "--board", "no-such-board"], 1, "unknown board", "qemu-virt-a15")
    refuses(["test", "no-such-label"], 2, "unknown label", "unit")
    refuses(["vm", "list", "--system", "no-such-system"], 1, "is running")
    refuses(["bench", "size.kernel", "no-such-metric"], 1, "no metric is called no-such-metric")
    for time in ("-5", "nan", "soon"):
        refuses(["run", "--timeout", time], 2, "--timeout")
    refuses(["vm", "migrate", "linux0"], 2, "not there yet")
    refuses(["run", "one-linux", "--disk", "disk0=/tmp/x"], 1, "--disk disk0", "switches on no such device")
    bad = bench.folder / "bad.dts"
    bad.write_text('/dts-v1/; / { domains { #address-cells = <2>; #size-cells = <2>; vm0 {\n'
                   'compatible = "openamp,domain-v1"; memory = <0 0x40000000 0 0x8000000>;\n'
                   'pecan,kernel = "no-such-image"; pecan,speed = <3>; }; }; };\n')
    refuses(["check", str(bad)], 1, "/domains/vm0", "pecan,speed", "unknown property", "no-such-image")
    refuses(["run", str(bad)], 1, "/domains/vm0", "pecan,speed", "unknown property")
    bad.write_text("this is not a device tree\n")
    refuses(["check", str(bad)], 1, "not valid device-tree source", str(bad))
    status, output, errors = pecan("check", "one-linux")
    assert status == 0, f"check one-linux: {output}{errors}"

    own = bench.folder / "own.dts"
    own.write_text('#include "domain.dtsi"\n/ { domains { vm0 { compatible = "openamp,domain-v1";\n'
                   'memory = <0 0x40000000 0 0x400000>; pecan,kernel = "mine"; pecan,kernel-format = "raw";\n'
                   'pecan,load-address = <0 0x40200000>; }; }; };\n')
    image = f"mine={harness.project.images(bench.build)['hello-raw']}"
    refuses(["check", str(own)], 1, "no image named 'mine'")
    for name, word in ((image.replace("mine", "vmm"), "not a name"), ("mine=/nonexistent", "no file"), ("mine", "NAME=")):
        refuses(["check", str(own), "--image", name], 1 if word == "no file" else 2, word)
    status, output, errors = pecan("check", str(own), "--image", image)
    assert status == 0, f"check --image: {output}{errors}"
    status, output, errors = pecan("run", str(own), "--image", image, "--until", "HELLO DONE", "--timeout", "300")
    assert status == 0, f"run --image: {output}{errors}"

    logs = bench.folder / "cli-logs"
    status, _, errors = pecan("run", "one-linux", "--headless", "--until", "Booting Linux on physical CPU",
                              "--log", str(logs))
    assert status == 0, errors
    # The system's own lines are in the log, and never match.
    text = (logs / "console.log").read_text(errors="replace")
    own = re.search(r"^\[(?:kernel|init|devmgr)\] (\w.*\w)", text, re.M)
    assert own, f"the log holds no line of the system itself:\n{text[:500]}"
    status, _, errors = pecan("run", "one-linux", "--headless", "--until", re.escape(own.group(1)),
                              "--timeout", "8", "--log", str(logs))
    assert status == 1, f"--until matched the system's own line '{own.group(0)}'"
    assert "was not seen within 8 s" in errors and "last console lines" in errors, errors
    log = re.search(r"Console log: (\S+)", errors)
    assert log and log.group(1).startswith(str(logs)), errors


if __name__ == "__main__":
    harness.main("cli", test)
