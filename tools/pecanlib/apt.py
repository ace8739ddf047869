"""A private apt: its own lists, status and architecture below the cache, so that armhf packages and
source packages can be fetched and verified without touching the machine's package database, its
architectures or its source lists. Mirrors and proxies are those that the machine's apt uses.
"""

import os
import subprocess
import time

from .ui import PecanError, say

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
DEFAULT_MIRROR = "http://deb.debian.org/debian"
TIMEOUT = 900
INDEX_AGE = 3600
REMEDY = ("Is the Debian mirror reachable? A local copy of each part can be given instead: see "
          "docs/book/building.md.")


def os_codename():
    """The machine's Debian release if it is one that we know to work; bookworm elsewhere."""
    try:
        with open("/etc/os-release") as handle:
            facts = dict(line.rstrip("\n").split("=", 1) for line in handle if "=" in line)
    except OSError:
        facts = {}
    return facts.get("VERSION_CODENAME") if facts.get("ID") == "debian" else "bookworm"


def machine_sources(codename):
    """(uri, suite) of the machine's own Debian sources for its release, main component."""
    found = []
    listing = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)|$(RELEASE)|$(COMPONENT)",
         "Created-By: Packages"], capture_output=True, text=True, timeout=60)
    for line in listing.stdout.splitlines():
        uri, suite, component = (line.split("|") + ["", ""])[:3]
        known = suite in (codename, f"{codename}-updates", f"{codename}-security")
        if known and component == "main" and (uri.rstrip("/"), suite) not in found:
            found.append((uri.rstrip("/"), suite))
    if not any(suite == codename for _, suite in found):
        found.insert(0, (DEFAULT_MIRROR, codename))
    return found


class PrivateApt:
    """apt-get and apt-cache over a private state for one architecture. The caller holds the cache lock."""

    def __init__(self, cache, architecture="armhf"):
        self.architecture = architecture
        self.root = cache / "apt"
        self.config = self.root / "apt.conf"

    def _configure(self):
        codename = os_codename()
        for folder in ("state/lists/partial", "archives/partial"):
            (self.root / folder).mkdir(parents=True, exist_ok=True)
        (self.root / "status").touch()
        lines = []
        for uri, suite in machine_sources(codename):
            for kind in ("deb", "deb-src"):
                lines.append(f"{kind} [signed-by={KEYRING}] {uri} {suite} main")
        (self.root / "sources.list").write_text("\n".join(lines) + "\n")
        self.config.write_text(f'''
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
#clear APT::Architectures;
Dir::State "{self.root}/state";
Dir::State::status "{self.root}/status";
Dir::Cache "{self.root}";
Dir::Etc::sourcelist "{self.root}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
APT::Architecture "{self.architecture}";
APT::Architectures {{ "{self.architecture}"; }};
APT::Get::List-Cleanup "false";
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::http::Timeout "60";
''')

    def _run(self, program, *arguments, cwd=None, check=True):
        environment = dict(os.environ, LC_ALL="C", DEBIAN_FRONTEND="noninteractive")
        done = subprocess.run([program, "-c", str(self.config), *arguments], cwd=cwd, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=TIMEOUT, env=environment)
        if check and done.returncode != 0:
            tail = "\n".join(done.stdout.splitlines()[-6:])
            raise PecanError(f"{program} {' '.join(arguments)} failed:\n{tail}", REMEDY)
        return done.stdout

    def update(self):
        """Fetches the indexes. An index that is unavailable (security's, often) does not stop us."""
        stamp = self.root / "updated"
        if stamp.exists() and time.time() - stamp.stat().st_mtime < INDEX_AGE:
            return
        say("fetching Debian's package indexes (armhf and sources) into the cache")
        self._configure()
        output = self._run("apt-get", "update", check=False)
        if not list((self.root / "state" / "lists").glob("*_Packages*")):
            raise PecanError("no package index could be fetched:\n" + "\n".join(output.splitlines()[-6:]),
                             REMEDY)
        stamp.touch()

    def forget(self):
        """Makes the next update() fetch again: a mirror drops old versions while an index is still young."""
        (self.root / "updated").unlink(missing_ok=True)

    def newest_dependency(self, metapackage):
        """The versioned package that a metapackage such as linux-image-armmp depends on."""
        self.update()
        for line in self._run("apt-cache", "depends", metapackage).splitlines():
            words = line.split()
            if len(words) == 2 and words[0] == "Depends:" and words[1].startswith("linux-image-"):
                return words[1]
        raise PecanError(f"package {metapackage} names no kernel package to depend on")

    def download(self, package, folder):
        """Downloads one binary package, verified by apt; returns the path of the .deb."""
        self.update()
        say(f"downloading {package}:{self.architecture}")
        self._run("apt-get", "download", package, cwd=folder)
        return next(folder.glob("*.deb"))

    def download_source(self, package, folder):
        """Downloads one source package, verified by apt; returns the path of the upstream archive."""
        self.update()
        say(f"downloading the source of {package}")
        self._run("apt-get", "source", "--download-only", "--only-source", package, cwd=folder)
        return next(folder.glob("*.orig.tar.*"))
