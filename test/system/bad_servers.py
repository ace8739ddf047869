"""Servers that die or misbehave harm nobody else; W^X and the stack's guard page hold for every server."""

import harness

# act: the fault that init has to report for the server that does it; None: it goes on living
ACTS = {
    "read-nothing": "read at address 0x30000000",
    "write-text": "write at address 0x1000",
    "write-constant": "write at address 0x1000",
    "write-start-page": "write at address 0x100",
    "execute-data": "execute at address 0x100",
    "execute-stack": "execute at address 0x100",
    "execute-constant": "execute at address 0x1000",
    "overflow-stack": "write at address 0x100",
    "undefined": "undefined instruction",
    "malformed-call": "malformed system call",
    "privileged": "undefined instruction",
    "revoke-itself": "execute at address 0x1000",
    "return": "undefined instruction",
    "abuse-devmgr": None,
    "list-rights": None,
    "nothing": None,
}
RESTART = 'pecan,restart = "on-failure";'
DOMAIN = """\t\t{act} {{
\t\t\tcompatible = "openamp,domain-v1";
\t\t\tmemory = <0x0 0x40000000 0x0 0x00100000>;
\t\t\tpecan,rom = "u-boot";
\t\t\tpecan,bootargs = "{act}";
\t\t\t{restart}
\t\t}};
"""


def test(bench):
    config = bench.folder / "servers.dts"
    config.write_text("/dts-v1/;\n/ {\n\tdomains {\n\t\t#address-cells = <2>;\n\t\t#size-cells = <2>;\n"
                      + "".join(DOMAIN.format(act=act, restart=RESTART if act == "undefined" else "")
                                for act in ACTS) + "\t};\n};\n")
    images = harness.project.images(bench.build)
    package = bench.package(config, {"vmm": images["badvmm"]})
    with bench.boot(package=package, semihosting=True) as machine:
        status = machine.wait_exit(harness.ANSWER_S, may_give_up=True)
        text = "\n".join(machine.console.lines)
    for act, fault in ACTS.items():
        if fault:
            assert f"[init] vmm {act} died: {fault}" in text, f"no death of {act} ({fault}) in\n{text}"
    assert text.count("[init] vmm undefined died") == 6, text
    assert "[init] undefined has failed 6 times within a minute and stays off" in text, text
    for act in ("abuse-devmgr", "list-rights", "nothing"):
        assert f"[vmm:{act}] still here" in text, f"{act} did not survive:\n{text}"
        assert f"[init] guest {act} powered off" in text, text
    assert "devmgr refused 16 requests" in text, text
    assert "[vmm:list-rights] 11 regions, 0 with rights too many" in text, text
    assert "cannot be reclaimed" not in text, text
    assert "devmgr died" not in text and "PANIC" not in text, text
    assert "[init] every guest is off, not all in order: ending the machine" in text, text
    assert status == 1, f"status {status}"


if __name__ == "__main__":
    harness.main("bad_servers", test)
