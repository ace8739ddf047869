"""Third-party parts by name: how each is fetched, unpacked and found again in the cache.

`fetch(cache, name)` returns the folder of a part, downloading it on first use only. The version that was
found is kept until the cache is deleted, so a build does not change under its user.
"""

import pathlib
import shutil
import subprocess
import tarfile

from . import cache as store
from .apt import PrivateApt
from .ui import PecanError, say

# In a guest's file system: where it lies in the part's folder.
TOYBOX = {"bin/toybox": "bin/toybox",
          **{f"lib/{name}": f"lib/arm-linux-gnueabihf/{name}"
             for name in ("ld-linux-armhf.so.3", "libc.so.6", "libcrypt.so.1", "libm.so.6")}}
KERNELS = ("linux-armmp-lpae", "linux-armmp", "linux-rt-armmp")


def _unpack_tar(archive, folder, wanted):
    """Copies the files of an archive below any of the `wanted` prefixes (after its top folder), flat or as is.

    wanted: {prefix inside the archive: folder to put its content into}. Only regular files are taken.
    """
    count = 0
    with tarfile.open(archive) as tar:
        for member in tar:
            inner = member.name.split("/", 1)[-1]
            for prefix, target in wanted.items():
                if member.isfile() and inner.startswith(prefix) and ".." not in inner:
                    path = folder / target / inner[len(prefix):]
                    path.parent.mkdir(parents=True, exist_ok=True)
                    with tar.extractfile(member) as source, open(path, "wb") as sink:
                        shutil.copyfileobj(source, sink)
                    count += 1
    if count == 0:
        raise PecanError(f"{archive.name} does not hold {', '.join(wanted)}")


def _source(apt, folder, stamp, package, wanted):
    work = folder / ".download"
    work.mkdir()
    archive = apt.download_source(package, work)
    stamp.update(package=package, archive=archive.name, sha256=store.sha256(archive))
    _unpack_tar(archive, folder, wanted)
    shutil.rmtree(work)


def _unpack(apt, folder, package):
    """Downloads a package and unpacks it; returns the archive's (name, sha256)."""
    work = folder / ".download"
    work.mkdir()
    deb = apt.download(package, work)
    identity = deb.name, store.sha256(deb)
    say(f"unpacking {deb.name}")
    subprocess.run(["dpkg-deb", "-x", str(deb), str(folder)], check=True, timeout=300)
    shutil.rmtree(work)
    return identity


def _binary(apt, folder, stamp, package):
    archive, sha256 = _unpack(apt, folder, package)
    stamp.update(package=package, archive=archive, sha256=sha256)


def _libfdt(apt, folder, stamp):
    _source(apt, folder, stamp, "arm-trusted-firmware",
            {"lib/libfdt/": "libfdt", "include/lib/libfdt/": "libfdt"})


def _bearssl(apt, folder, stamp):
    _source(apt, folder, stamp, "bearssl",
            {"src/": "src", "inc/": "inc", "LICENSE.txt": "LICENSE.txt"})


def _kernel(apt, folder, stamp, flavour):
    package = apt.newest_dependency(f"linux-image-{flavour}")
    _binary(apt, folder, stamp, package)
    image = next((folder / "boot").glob("vmlinuz-*"))
    stamp.update(image=str(image.relative_to(folder)), image_sha256=store.sha256(image))


def _busybox(apt, folder, stamp):
    _binary(apt, folder, stamp, "busybox-static")
    found = [path for path in (folder / "bin" / "busybox", folder / "usr" / "bin" / "busybox")
             if path.exists()]
    if not found:
        raise PecanError("the busybox-static package holds no bin/busybox")
    stamp.update(image=str(found[0].relative_to(folder)), image_sha256=store.sha256(found[0]))


def _toybox(apt, folder, stamp):
    """toybox is linked dynamically: with it comes what it needs of the C library."""
    stamp.update(archives=dict(_unpack(apt, folder, package) for package in ("toybox", "libc6", "libcrypt1")))
    for name, inside in TOYBOX.items():
        if not (folder / inside).exists():
            raise PecanError(f"the packages of toybox hold no {inside} (for {name})")


def _uboot(apt, folder, stamp):
    _binary(apt, folder, stamp, "u-boot-qemu")
    image = folder / "usr" / "lib" / "u-boot" / "qemu_arm" / "u-boot.bin"
    stamp.update(image=str(image.relative_to(folder)), image_sha256=store.sha256(image))


MAKERS = {
    "libfdt": _libfdt,
    "bearssl": _bearssl,
    "busybox": _busybox,
    "toybox": _toybox,
    "u-boot": _uboot,
    **{name: (lambda apt, folder, stamp, flavour=name.removeprefix("linux-"):
              _kernel(apt, folder, stamp, flavour)) for name in KERNELS},
}

# Where the useful content of a part lies below its folder; the folder itself when not named here.
SUBFOLDER = {"libfdt": "libfdt"}


def _make(apt, folder, name):
    """Fills a part's folder; once more with fresh indexes when the first try fails."""
    try:
        with store.filling(folder) as (partial, stamp):
            MAKERS[name](apt, partial, stamp)
    except (PecanError, StopIteration):
        apt.forget()
        with store.filling(folder) as (partial, stamp):
            MAKERS[name](apt, partial, stamp)


def fetch(cache, name):
    """The folder of a part, fetched on first use. Safe when several builds ask at once."""
    if name not in MAKERS:
        raise PecanError(f"unknown part '{name}'", f"Known parts: {', '.join(MAKERS)}.")
    folder = cache / "parts" / name
    if store.read_stamp(folder) is None:
        with store.lock(cache):
            if store.read_stamp(folder) is None:
                _make(PrivateApt(cache), folder, name)
    return folder / SUBFOLDER.get(name, "")


def image(cache, name):
    """(path, sha256) of the one file that a binary part is fetched for: a kernel, busybox, U-Boot."""
    folder = fetch(cache, name)
    stamp = store.read_stamp(folder)
    return pathlib.Path(folder / stamp["image"]), stamp["image_sha256"]
