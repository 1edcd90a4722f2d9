"""Sheets as objects of an S3 bucket.

Credentials, region and endpoint come from the environment, as is usual (``AWS_ACCESS_KEY_ID``,
``AWS_ENDPOINT_URL`` and so on). A sheet is written to a local file first. The names that jobs have for it are
objects of their own.
"""

import errno
import logging
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from printscp.errors import SetupError
from printscp.film.sheet import Sheet
from printscp.sheet_file import DamagedSheet, read
from printscp.spool.drafts import Drafts, SheetWriter
from printscp.spool.sightings import Orphans

_SUFFIX = ".sheet"
_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
# An SCU waits for the answer to its N-ACTION, some half a minute and some for less.
_RETRIES = 3
_RETRY_TIMEOUT = timedelta(seconds=10)
_CONNECT_TIMEOUT = timedelta(seconds=5)
_REQUEST_TIMEOUT = timedelta(seconds=20)
_PARTS = 4  # of 5 MiB each, that are under way at a time

# Of the exceptions some only say so in their message.
_HTTP_STATUS = re.compile(r"status code: (\d{3})")
_MEANINGS = {
    "401": (errno.EACCES, "no access to the bucket"),
    "403": (errno.EACCES, "no access to the bucket"),
    "404": (errno.ENOENT, "no such bucket"),
}

log = logging.getLogger(__name__)


class BucketStore:
    """The sheets of a bucket (`printscp.spool.store.SheetStore`), all those whose keys begin with a prefix;
    drafts lie in ``staging``, a local folder."""

    def __init__(self, url: str, staging: Path, process: str) -> None:
        """Open it.

        Raises:
            SetupError
        """
        self._url = url
        self._staging = staging
        self._drafts = Drafts(staging, process)
        self._orphans = Orphans()
        bucket, _, prefix = url.removeprefix("s3://").partition("/")
        if not bucket:
            raise SetupError(f"sheets {url}: names no bucket: s3://BUCKET/PREFIX")
        _check_endpoint()
        try:
            self._bucket = S3Store(
                bucket,
                prefix=prefix.strip("/") or None,
                client_options={
                    "allow_http": True,
                    "connect_timeout": _CONNECT_TIMEOUT,
                    "timeout": _REQUEST_TIMEOUT,
                },
                retry_config={"max_retries": _RETRIES, "retry_timeout": _RETRY_TIMEOUT},
            )
        except (BaseError, ValueError) as error:
            raise SetupError(f"sheets {url}: {_first_line(error)}") from error
        try:
            self._look()
            staging.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise SetupError(f"sheets {url}: {error.strerror}") from error

    def close(self) -> None:
        """Nothing is open."""

    def write(self) -> SheetWriter:
        """Begin a sheet."""
        return SheetWriter(self._drafts.path())

    def make_good(self, sheets: Mapping[str, SheetWriter]) -> None:
        """Upload sheets that are whole."""
        tried: list[str] = []
        try:
            for name, writer in sheets.items():
                self._ask_for_name(name)
                with writer.path.open("rb") as file, self._reached():
                    tried.append(name)  # also that which fails: it may be there, and the answer be lost
                    obstore.put(self._bucket, _key(name), file, max_concurrency=_PARTS)
        except BaseException:
            with suppress(OSError):  # what cannot be reached now is swept later
                for name in tried:
                    self.remove(name)
            raise

    def copy(self, name: str, new: str) -> None:
        """Give a sheet another name beside its own."""
        self._ask_for_name(new)
        with self._found(name):
            obstore.copy(self._bucket, _key(name), _key(new))

    def load(self, name: str) -> Sheet:
        """Read a sheet back."""
        with tempfile.TemporaryFile(dir=self._staging) as file:
            with self._found(name):
                for piece in obstore.get(self._bucket, _key(name)):
                    file.write(piece)
            file.seek(0)
            return read(file, name)

    def __contains__(self, name: str) -> bool:
        return self._size(name) is not None

    def size(self, name: str) -> int:
        """Bytes of a sheet."""
        return self._size(name) or 0

    def names(self) -> set[str]:
        """All sheets."""
        with self._reached():
            listed = obstore.list(self._bucket, chunk_size=1000).collect()
        paths = (PurePosixPath(each["path"]) for each in listed)
        return {path.stem for path in paths if path.suffix == _SUFFIX and len(path.parts) == 1}

    def free(self) -> int:
        """Bytes that new sheets may take, on their way to the bucket."""
        return shutil.disk_usage(self._staging).free

    def remove(self, name: str) -> None:
        """Delete a sheet, unless it is gone."""
        with self._reached():
            obstore.delete(self._bucket, _key(name))

    def drop_drafts(self, process: str) -> None:
        """Delete what a dead process had in the making."""
        self._drafts.drop(process)

    def sweep(
        self, wanted: Callable[[], Collection[str]], patience: float, living: Collection[str] = ()
    ) -> int:
        """Delete orphans, and drafts of which nothing is known."""
        orphans = self._orphans.among(self.names, wanted, patience)
        for name in orphans:
            self.remove(name)
        return len(orphans) + self._drafts.sweep(living)

    def _size(self, name: str) -> int | None:
        """None: there is no such sheet."""
        try:
            with self._found(name):
                return obstore.head(self._bucket, _key(name))["size"]
        except DamagedSheet:
            return None

    def _ask_for_name(self, name: str) -> None:
        """Names are not given twice; so it does no harm that another might take it right after.

        Raises:
            OSError
        """
        if name in self:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), f"{self._url}: {name}")

    def _look(self) -> None:
        """See whether the bucket is there.

        Raises:
            OSError
        """
        with self._reached():
            next(iter(obstore.list(self._bucket, chunk_size=1)), None)

    @contextmanager
    def _found(self, name: str) -> Iterator[None]:
        """As `_reached`; an object that is not there is a damaged sheet, where the bucket is."""
        try:
            yield
        except FileNotFoundError:
            self._look()
            raise DamagedSheet(f"sheet {name} is not there") from None
        except BaseError as error:
            raise self._failed(error) from error

    @contextmanager
    def _reached(self) -> Iterator[None]:
        """What fails at the bucket is an OSError."""
        try:
            yield
        except (BaseError, FileNotFoundError) as error:
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> OSError:
        """The error in words that fit in an Error Comment; the log has the others."""
        log.warning("bucket failed", extra={"sheets": self._url, "error": _first_line(error)})
        answer = _HTTP_STATUS.search(str(error))
        number, words = _MEANINGS.get(answer[1] if answer else "", (errno.EIO, "bucket out of reach"))
        return OSError(number, words, self._url)


def _check_endpoint() -> None:
    """An endpoint that is no URL would end the process (obstore 0.12)."""
    for name in _ENDPOINTS:
        url = urlsplit(os.environ.get(name, "https://default"))
        if url.scheme not in ("http", "https") or not url.netloc:
            raise SetupError(f"{name}={os.environ[name]}: is to be a URL, such as http://127.0.0.1:9000")


def _key(name: str) -> str:
    return name + _SUFFIX


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
