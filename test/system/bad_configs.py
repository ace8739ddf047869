"""Every configuration in bad-configs is refused with its message by `./pecan check`, and a sample of them by init
at boot; every one that the project ships is accepted.

A file says in its first comment what it expects, as regular expressions: `expect:` of both, `expect-check:`
or `expect-boot:` of one alone. What init's code says about all of them without booting: test/tools/test_refusals.py.
"""

import concurrent.futures
import pathlib
import re
import subprocess

import harness

FOLDER = pathlib.Path(__file__).resolve().parent / "bad-configs"
SAMPLE = 6  # of so many that expect something at boot, one is booted
EXPECT = re.compile(r"^ \* expect(-check|-boot)?: (.*)$", re.M)


def expectations(path):
    """{"check": [pattern...], "boot": [pattern...]} of one file."""
    found = {"check": [], "boot": []}
    for who, pattern in EXPECT.findall(path.read_text()):
        for one in ("check", "boot") if not who else (who[1:],):
            found[one].append(pattern)
    return found


def pecan_check(path):
    return subprocess.run([str(harness.ROOT / "pecan"), "check", str(path)], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=harness.BOOT_S)


def check(path, patterns):
    """`./pecan check` says each message and exits with 1."""
    if not patterns:
        return
    done = pecan_check(path)
    assert done.returncode == 1, f"check {path.name}: status {done.returncode}\n{done.stdout}{done.stderr}"
    for pattern in patterns:
        assert re.search(pattern, done.stderr), f"check {path.name}: no '{pattern}' in\n{done.stderr}"


def accept(path):
    done = pecan_check(path)
    assert done.returncode == 0, f"check {path.name}: {done.stdout}{done.stderr}"


def boot(bench, path, patterns):
    """init says each message, starts nothing and ends the machine with a failure."""
    with bench.boot(config=str(path), semihosting=True) as machine:
        status = machine.wait_exit(harness.ANSWER_S, may_give_up=True)
        text = "\n".join(machine.console.lines)
    assert status == 1, f"boot {path.name}: status {status}\n{text}"
    for pattern in patterns:
        assert re.search(rf"^\[init\] ERROR: .*{pattern}", text, re.M), \
            f"boot {path.name}: no '{pattern}' in\n{text}"
    assert "nothing is started" in text and "[devmgr]" not in text, f"boot {path.name}: half-started\n{text}"


def test(bench):
    files = sorted(FOLDER.glob("*.dts"))
    assert len(files) >= 25, f"only {len(files)} files in {FOLDER}"
    wanted = {path: expectations(path) for path in files}
    silent = [path.name for path, expected in wanted.items() if not expected["check"] and not expected["boot"]]
    assert not silent, f"{silent} expect nothing"
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(accept, sorted(harness.project.PARTITIONS.glob("*.dts"))))
        list(pool.map(lambda path: check(path, wanted[path]["check"]), files))
    for path in [path for path in files if wanted[path]["boot"]][::SAMPLE]:
        boot(bench, path, wanted[path]["boot"])


if __name__ == "__main__":
    harness.main("bad_configs", test)
