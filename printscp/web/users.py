"""The file of users as the light box goes by it: read again when it changes, kept when it goes wrong."""

import hmac
import logging
import secrets
import stat
import threading
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from printscp.errors import SetupError
from printscp.users import LONGEST, Token, User, Users, changed, digest, normal, read_users

log = logging.getLogger(__name__)

_Stamp = tuple[int, int, int, int] | None


class Book:
    """Users and tokens of a file.

    Raises:
        SetupError: it cannot be used.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._stamp = _stamp(file)
        self._users = read_users(file)
        self._hasher = PasswordHasher()
        # To be tried where there is no such user: that takes as long.
        self._of_nobody = self._hasher.hash(secrets.token_urlsafe())
        if file.stat().st_mode & stat.S_IROTH:
            log.warning("everybody on this host can read the file of users: chmod o= it", extra=_of(file))

    def now(self) -> Users:
        """What it says now, or what it said before it went wrong."""
        stamp = _stamp(self._file)
        with self._lock:
            if stamp != self._stamp:
                self._stamp = stamp
                try:
                    self._users = read_users(self._file)
                except SetupError as error:
                    log.error(
                        "file of users cannot be read: those of before stay",
                        extra={**_of(self._file), "reason": str(error)},
                    )
            return self._users

    def user(self, name: str) -> User | None:
        return self.now().users.get(name)

    def token(self, said: str) -> tuple[str, Token] | None:
        """The token that a program has sent, with its name."""
        kept, found = digest(said), None
        for name, token in self.now().tokens.items():
            if hmac.compare_digest(kept, token.sha256) and not token.expired:
                found = name, token
        return found

    def check(self, name: str, password: str) -> User | None:
        """The user, if it is their password. It takes as long if it is not, and if there is no such user."""
        user = self.user(name)
        kept = self._of_nobody if user is None or user.password is None else user.password
        try:
            self._hasher.verify(kept, normal(password[: LONGEST + 1]))
        except (VerificationError, InvalidHashError):
            return None
        assert user is not None  # nobody has the password of nobody
        if self._hasher.check_needs_rehash(kept):
            self._rehash(name, user, password)
        return self.user(name)

    def _rehash(self, name: str, user: User, password: str) -> None:
        """Hash a password as it is done today: the file may be years old."""
        try:
            with changed(self._file) as change:
                if change.users.users.get(name) == user:
                    made = user.model_copy(update={"password": self._hasher.hash(normal(password))})
                    change.users = change.users.with_user(name, made)
        except SetupError as error:  # it may be kept where the light box cannot write
            log.warning("hash of a password is of old: set the password again", extra={"reason": str(error)})


def _stamp(file: Path) -> _Stamp:
    """What changes when a file does."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino, found.st_dev


def _of(file: Path) -> dict[str, str]:
    return {"file": str(file)}
