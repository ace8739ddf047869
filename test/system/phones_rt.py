"""Debian's real-time kernel stands in for the radio: it answers a phone's AT commands over a channel."""

import harness
from mixed import run
from phones import wait_ready


def test(bench):
    with bench.boot("phones-rt") as machine:
        wait_ready(machine, ("phone0", "radio"))
        # The stand-in's script may still be on its way: asked until it answers.
        run(machine, 1, "phone0", "until modem ATI | grep rt-armmp; do sleep 1; done", r"^6\..*-rt-armmp$", harness.BOOT_S)
        run(machine, 1, "phone0", "modem AT AT+NONSENSE | tr -s '\\r\\n' '+'", r"^OK\+ERROR\+")


if __name__ == "__main__":
    harness.main("phones_rt", test)
