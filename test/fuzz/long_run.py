"""A long run of fuzz targets under libFuzzer: long_run.py NAME... (none: all of them).

Builds the preset `fuzz`, writes the seeds, and runs each target for PECAN_FUZZ_SECONDS (60). What it learns stays in
build/fuzz/corpus/NAME; an input that breaks a target is left in build/fuzz/findings/NAME.
"""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "fuzz"
INPUT_MAX = 8192


def build():
    if not (BUILD / "build.ninja").exists():
        subprocess.run(["cmake", "--preset", "fuzz"], cwd=ROOT, stdout=subprocess.DEVNULL, timeout=600, check=True)
    subprocess.run(["cmake", "--build", "--preset", "fuzz"], cwd=ROOT, stdout=subprocess.DEVNULL, timeout=3600,
                   check=True)


def run(name, seconds):
    """True when nothing was found."""
    programs = BUILD / "test" / "fuzz"
    corpus, findings = BUILD / "corpus" / name, BUILD / "findings" / name
    for folder in (corpus, findings):
        folder.mkdir(parents=True, exist_ok=True)
    subprocess.run([programs / f"fuzz-{name}", "--corpus", corpus], timeout=60, check=True)
    done = subprocess.run([programs / f"libfuzzer-{name}", f"-max_total_time={seconds}", f"-max_len={INPUT_MAX}",
                           "-timeout=20", "-rss_limit_mb=1024", "-print_final_stats=1", "-verbosity=0",
                           f"-artifact_prefix={findings}/", corpus], timeout=seconds + 600)
    if done.returncode != 0:
        print(f"{name}: replay with {programs / f'libfuzzer-{name}'} {findings}/FILE", file=sys.stderr)
    return done.returncode == 0


def main():
    seconds = int(os.environ.get("PECAN_FUZZ_SECONDS", "60"))
    build()
    names = sys.argv[1:] or sorted(path.name.removeprefix("libfuzzer-")
                                   for path in (BUILD / "test" / "fuzz").glob("libfuzzer-*"))
    return 0 if all([run(name, seconds) for name in names]) else 1


if __name__ == "__main__":
    sys.exit(main())
