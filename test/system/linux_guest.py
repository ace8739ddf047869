"""What the Linux system tests share: a one-guest configuration, the prompt, and the way out."""

import hashlib

from harness import ANSWER_S, BOOT_S
from pecanlib import cache, dts, fit, parts

NAME = "linux0"

CONFIGURATION = """/dts-v1/;
/ {{
\tdomains {{
\t\t#address-cells = <2>;
\t\t#size-cells = <2>;
\t\t{name} {{
\t\t\tcompatible = "openamp,domain-v1";
\t\t\tmemory = <0x0 0x40000000 0x0 {size:#x}>;
\t\t\tpecan,kernel = "{kernel}";
\t\t\tpecan,kernel-format = "zimage";
\t\t\tpecan,initrd = "initramfs";
\t\t\tpecan,bootargs = "console=ttyAMA0 cryptomgr.notests cma=0 pecan.name={name}";
\t\t}};
\t}};
}};
"""


def add_options(parser):
    parser.add_argument("--kernel", default="linux-armmp-lpae", choices=parts.KERNELS)
    parser.add_argument("--memory", type=int, default=128, metavar="MIB")
    return parser


def configuration(bench):
    """Writes a configuration with one Linux guest and returns its path."""
    path = bench.folder / "config.dts"
    path.write_text(CONFIGURATION.format(name=NAME, kernel=bench.options.kernel,
                                         size=bench.options.memory << 20))
    return path


def assert_unmodified(package, kernel):
    """The kernel inside the FIT is the package's file, byte for byte."""
    blob = package.read_bytes()
    size = int.from_bytes(blob[4:8], "big")
    node = dts.parse(blob[:size]).child("images").child(kernel)
    start = ((size + fit.ALIGNMENT - 1) & -fit.ALIGNMENT) + node.cells("data-offset")[0]
    data = blob[start:start + node.cells("data-size")[0]]
    path, expected = parts.image(cache.cache_dir(), kernel)
    assert hashlib.sha256(data).hexdigest() == expected, f"{kernel} in the FIT differs from the package's"
    assert cache.sha256(path) == expected, f"{path} was changed after it was unpacked"


def wait_ready(machine, name=NAME, timeout=BOOT_S):
    """Waits for the shell and silences the kernel, whose messages (rt's come late) would cut what is typed."""
    machine.expect(f"GUEST READY {name}", timeout)
    machine.expect(f"{name}# ", ANSWER_S)
    machine.send("dmesg -n 1\n")
    machine.expect(f"{name}# ", ANSWER_S)
    machine.send("echo quiet-$((1+1))\n")
    machine.expect("quiet-2", ANSWER_S)
    machine.expect(f"{name}# ", ANSWER_S)


def power_off(machine, name=NAME):
    """Types poweroff; the whole board ends cleanly after its last guest. init tells of it: the guest's own last
    words may still be on their way through its printing thread (rt) when it calls SYSTEM_OFF."""
    machine.send("poweroff\n")
    machine.expect("The system is going down NOW!", ANSWER_S)
    status = machine.wait_exit(ANSWER_S)
    assert status == 0, f"QEMU ended with status {status} after poweroff"
    told = f"[init] guest {name} powered off"
    assert any(told in line for line in machine.console.lines), f"no line says: {told}"
