"""devmgr dies while a guest uses a dedicated disk: the disk goes on as it was, and the guest does not notice."""

import socket

import harness
from mixed import run
from phones import wait_ready
from server_restart import UNDEFINED, patched

WRITE = ("cd /data && dd if=/dev/urandom of={0} bs=1M count=4 2>/dev/null && sync && sha256sum {0} >s; "
         "echo 3 >/proc/sys/vm/drop_caches; sha256sum -c s")


def test(bench):
    bench.images = harness.project.images(bench.build)
    config = bench.folder / "dedicated-console.dts"
    text = (harness.ROOT / "configs/partitions/dedicated.dts").read_text()
    config.write_text(text + '\n&console0 { status = "okay"; };\n')
    with bench.boot(config, {"devmgr": patched(bench, "devmgr", "mux_mirror_input", UNDEFINED)}) as machine:
        wait_ready(machine, ("linux0", "linux1"))
        run(machine, 1, "linux0", WRITE.format("before"), r"^before: OK$")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as console:
            console.connect(str(machine.devices.consoles["linux1"]))
            console.sendall(b"x")
            machine.expect(r"\[init\] devmgr is ready again", harness.ANSWER_S, guest_only=False)
        run(machine, 1, "linux0", WRITE.format("after"), r"^after: OK$")
        run(machine, 1, "linux0", "dmesg | grep -ci 'i/o error'", r"^0$")
        assert "[init] vmm" not in "\n".join(machine.console.lines)


if __name__ == "__main__":
    harness.main("dedicated_restart", test)
