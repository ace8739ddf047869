"""./pecan debug stops at the kernel's first instruction, and gdb knows the kernel's and servers' symbols."""

import subprocess

import harness


def test(bench):
    done = subprocess.run(
        [str(harness.ROOT / "pecan"), "debug", "one-linux", "--command", "info symbol $pc",
         "--command", "printf \"mode %x\\n\", $cpsr & 0x1f", "--command", "info line l4_start"],
        capture_output=True, text=True, timeout=harness.DATA_S, stdin=subprocess.DEVNULL)
    output = done.stdout + done.stderr
    assert done.returncode == 0, output
    assert "_start in section" in output or "_start + 0 in section" in output, output
    assert "mode 1a" in output, output
    assert "start.c" in output, output


if __name__ == "__main__":
    harness.main("debugger", test)
