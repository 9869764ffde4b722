"""The constants of one compilation, kept outside the IR.

IR refers to a constant by name and checksum (``#cim.weights<"conv1", "0123…">``),
so that dumps stay small and a dump that meets the wrong constants is refused.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cimc.diagnostics import InputError

if TYPE_CHECKING:
    from cimc.dialects.cim import WeightsRef

__all__ = ["Array", "WeightStore", "digest", "load_arrays", "save_arrays"]

Array = NDArray[Any]

#: Hexadecimal digits of the SHA-256 that the IR carries per constant.
DIGEST_LENGTH = 16

#: Every member of a saved archive carries this date, so that equal constants give
#: equal bytes. It is the earliest that the ZIP format can express.
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)

#: What reading a damaged archive raises.
_UNREADABLE = (
    OSError,
    ValueError,
    EOFError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
)


def digest(array: Array) -> str:
    """Checksum of an array's dtype, shape and contents."""
    contiguous = np.ascontiguousarray(array)
    found = hashlib.sha256(f"{contiguous.dtype.str}{contiguous.shape}".encode())
    found.update(contiguous.reshape(-1).view(np.uint8).data)
    return found.hexdigest()[:DIGEST_LENGTH]


def _defined(name: str) -> ValueError:
    return ValueError(f"constant {name!r} is already defined with other contents")


def _frozen(array: Array) -> Array:
    """``array`` if nobody can write to it, else a copy."""
    owner: object = array
    while isinstance(owner, np.ndarray) and not owner.flags.writeable:
        owner = owner.base
    if isinstance(owner, bytes | None) and array.flags.c_contiguous:
        return array
    copy = np.array(array, order="C")
    copy.setflags(write=False)
    return copy


class WeightStore(Mapping[str, Array]):
    """Named, read-only arrays with their checksums."""

    def __init__(self, arrays: Mapping[str, Array] | None = None) -> None:
        self._arrays: dict[str, Array] = {}
        self._digests: dict[str, str] = {}
        for name, array in (arrays or {}).items():
            self.add(name, array)

    def __getitem__(self, name: str) -> Array:
        return self._arrays[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)

    def only(self, names: Iterable[str]) -> WeightStore:
        """A store of some of the constants, whose checksums are known already."""
        found = WeightStore()
        for name in names:
            found._arrays[name] = self._arrays[name]
            found._digests[name] = self._digests[name]
        return found

    def update(self, other: WeightStore) -> None:
        """Take over all constants of another store.

        Raises:
            ValueError: a name already holds something else.
        """
        for name, array in other.items():
            checksum = other.checksum(name)
            if self._digests.get(name, checksum) != checksum:
                raise _defined(name)
            self._arrays[name] = array
            self._digests[name] = checksum

    def add(self, name: str, array: Array) -> str:
        """Store ``array`` under ``name`` and return its checksum.

        Adding the same constant again changes nothing.

        Raises:
            ValueError: ``name`` already holds something else.
        """
        frozen = _frozen(array)
        checksum = digest(frozen)
        if self._digests.get(name, checksum) != checksum:
            raise _defined(name)
        self._arrays[name] = frozen
        self._digests[name] = checksum
        return checksum

    def checksum(self, name: str) -> str:
        """The checksum of the constant called ``name``."""
        return self._digests[name]

    def get_checked(self, name: str, checksum: str) -> Array:
        """The constant called ``name``, which must have that checksum.

        Raises:
            InputError: it is missing or differs (E012).
        """
        if name not in self._arrays:
            raise InputError(
                "E012",
                f"constant {name!r} is not in the weight store",
                hints=("keep weights.npz beside the IR file that refers to it",),
            )
        if self._digests[name] != checksum:
            raise InputError(
                "E012",
                f"constant {name!r} has checksum {self._digests[name]}, "
                f"the IR expects {checksum}",
                hints=("use the weights.npz that was written with this IR file",),
            )
        return self._arrays[name]

    def resolve(self, reference: WeightsRef) -> Array:
        """The constant that IR refers to.

        Raises:
            InputError: it is missing or differs (E012).
        """
        return self.get_checked(reference.symbol.data, reference.checksum.data)

    def save(self, path: Path) -> None:
        """Write all constants to ``path`` (.npz); equal stores give equal bytes."""
        save_arrays(path, self._arrays)

    @classmethod
    def load(cls, path: Path) -> WeightStore:
        """Read a store that :meth:`save` wrote.

        Raises:
            InputError: the file cannot be read (E011).
        """
        return cls(load_arrays(path))


def save_arrays(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write an ``.npz`` whose bytes depend on nothing but names and contents."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(arrays):
            info = zipfile.ZipInfo(_member_of(name), date_time=_ZIP_EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o600 << 16
            info.file_size = arrays[name].nbytes  # whether 32 bits hold it
            with archive.open(info, "w") as member:
                np.lib.format.write_array(member, arrays[name], allow_pickle=False)


def _member_of(name: str) -> str:
    """Member that holds an array: slashes of ONNX names would become folders."""
    return name.replace("%", "%25").replace("/", "%2F") + ".npy"


def _name_of(member: str) -> str:
    """The inverse of :func:`_member_of`."""
    return member.removesuffix(".npy").replace("%2F", "/").replace("%25", "%")


def load_arrays(path: Path) -> dict[str, Array]:
    """Read an ``.npz`` file without ever unpickling.

    Raises:
        InputError: the file is missing, truncated or not an archive of arrays (E011).
    """
    try:
        with zipfile.ZipFile(path) as archive:
            # Reading a whole member checks its CRC before anybody trusts its header.
            return {
                _name_of(member): np.lib.format.read_array(
                    io.BytesIO(archive.read(member)), allow_pickle=False
                )
                for member in archive.namelist()
            }
    except _UNREADABLE as error:
        raise InputError(
            "E011", f"cannot be read as an .npz archive: {error}", where=str(path)
        ) from error
