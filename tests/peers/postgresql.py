"""PostgreSQL as a process of its own, in a folder of its own, on a free port of this machine."""

import os
import secrets
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

import psycopg
from peers.ports import free_port


def server_programs() -> Path | None:
    """The folder of initdb and pg_ctl, which Debian keeps out of the path."""
    found = shutil.which("initdb")
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda each: int(each.parent.name))
    return Path(found).parent if found else folders[-1] if folders else None


class PostgreSQL:
    """A cluster, made anew; databases in it are made by `database`."""

    def __init__(self) -> None:
        programs = server_programs()
        assert programs is not None
        self._programs = programs
        # Not in a folder of the test: those are for root's eyes only, and the server refuses to run as root.
        self._folder = TemporaryDirectory(prefix="postgresql-")
        self._data = Path(self._folder.name) / "data"
        self._as_user: list[str] = []
        if os.getuid() == 0:
            self._as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
            shutil.chown(self._folder.name, "postgres", "postgres")
        self.port = free_port()

    def __enter__(self) -> Self:
        self._run("initdb", "-A", "trust", "-U", "printscp", "-N", "--no-instructions")
        with (self._data / "postgresql.conf").open("a") as configuration:
            configuration.write(
                f"port = {self.port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\n"
                "fsync = off\n"  # tests end processes, and what those wrote stays; the machine goes on
            )
        self.start()
        return self

    def start(self) -> None:
        """Start the server; returns when it answers."""
        self._run("pg_ctl", "-w", "-l", str(self._data / "log"), "start")

    def stop(self) -> None:
        """Stop the server at once; connections break."""
        self._run("pg_ctl", "-m", "immediate", "-w", "stop")

    def database(self) -> str:
        """Make a database; returns its URL."""
        name = f"films_{secrets.token_hex(4)}"
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            # Quicker than writing all of an empty database to the log first, which is what later versions do.
            how = "STRATEGY FILE_COPY" if connection.info.server_version >= 150000 else ""
            connection.execute(f"CREATE DATABASE {name} {how}")
        return self._url(name).replace("postgresql:", "postgresql+psycopg:")

    def _url(self, database: str) -> str:
        return f"postgresql://printscp@127.0.0.1:{self.port}/{database}"

    def _run(self, program: str, *arguments: str) -> None:
        # In a file, since the server keeps what its starter has open.
        command = [*self._as_user, str(self._programs / program), "-D", str(self._data), *arguments]
        with (self._data.parent / f"{program}.log").open("wb") as out:
            done = subprocess.run(command, stdout=out, stderr=out, cwd=self._data.parent, check=False)
        if done.returncode:
            raise RuntimeError((self._data.parent / f"{program}.log").read_text())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if (self._data / "postmaster.pid").exists():
                self.stop()
        finally:
            self._folder.cleanup()
