"""Bad packages and configurations stop the start-up with a message that names what is wrong."""

import harness
from pecanlib import dts, fit

GOOD = """/dts-v1/;
/ {
\tdomains {
\t\t#address-cells = <2>;
\t\t#size-cells = <2>;
\t\tvm0 {
\t\t\tcompatible = "openamp,domain-v1";
\t\t\tmemory = <0x0 0x40000000 0x0 0x8000000>;
\t\t\tpecan,kernel = "linux-armmp";
\t\t\tpecan,kernel-format = "zimage";
\t\t\tpecan,initrd = "initramfs";
\t\t};
\t};
};
"""
# (name, text to replace, replacement, what init has to say)
CONFIGURATIONS = [
    ("property", "pecan,initrd", "pecan,initrrd", r"vm0.*pecan,initrrd"),
    ("memory", "0x8000000>", "0x80000000>", r"memory.*(?:MiB|free)"),
    ("missing-memory", "memory = <0x0 0x40000000 0x0 0x8000000>;", "", r"vm0.*memory"),
    ("compatible", "openamp,domain-v1", "openamp,domain-v9", r"vm0.*compatible"),
    ("format", '"zimage"', '"tarball"', r"vm0.*pecan,kernel-format"),
    ("small", "0x8000000>", "0x400000>", r"vm0.*(?:memory|pecan,kernel|does not fit)"),
]


def image_range(blob, name):
    """(start, size) of an image's data within a FIT file."""
    size = int.from_bytes(blob[4:8], "big")
    node = dts.parse(bytes(blob[:size])).child("images").child(name)
    start = ((size + fit.ALIGNMENT - 1) & -fit.ALIGNMENT) + node.cells("data-offset")[0]
    return start, node.cells("data-size")[0]


def refused(bench, package, pattern):
    """The system says a line that matches, starts no guest, and ends."""
    with bench.boot(package=package) as machine:
        machine.wait_exit(harness.ANSWER_S, may_give_up=True)
        machine.expect(pattern, 0, guest_only=False)
        text = "\n".join(machine.console.lines)
        assert "Booting Linux" not in text, "a guest was started"
        assert "PANIC" not in text, "the kernel panicked"


def variant(bench, name, change):
    """A copy of the good package with a change made to its bytes."""
    blob = bytearray(bench.good.read_bytes())
    blob = change(blob) or blob
    path = bench.folder / f"{name}.fit"
    path.write_bytes(blob)
    return path


def flip(image):
    """A change of one byte in the middle of an image."""
    def change(blob):
        start, size = image_range(blob, image)
        blob[start + size // 2] ^= 1
    return change


def test(bench):
    config = bench.folder / "good.dts"
    config.write_text(GOOD)
    bench.good = bench.package(config)
    for image, who in (("kernel", "boot"), ("init", "boot"), ("config", "init"), ("linux-armmp", "init"),
                       ("initramfs", "init"), ("vmm", "init")):
        refused(bench, variant(bench, f"hash-{image}", flip(image)), rf"^\[{who}\] ERROR.*{image}")
    refused(bench, variant(bench, "truncated", lambda blob: blob[:len(blob) // 2]), r"^\[(boot|init)\] ERROR")
    refused(bench, variant(bench, "garbage", lambda blob: bytes(len(blob))), r"^\[boot\] ERROR.*package")
    for name, old, new, pattern in CONFIGURATIONS:
        path = bench.folder / f"{name}.dts"
        path.write_text(GOOD.replace(old, new, 1))
        manifest = dict(harness.project.images(bench.build))
        package = fit.make(bench.folder / f"{name}.fit", path, manifest, bench.board)
        refused(bench, package, rf"^\[init\] ERROR.*{pattern}")


if __name__ == "__main__":
    harness.main("bad_input", test)
