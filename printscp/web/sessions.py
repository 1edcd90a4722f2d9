"""Who has logged in, until they log out, go away, or are changed; in memory alone."""

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from printscp.users import User

_LONGEST = 12 * 3600.0  # seconds that a session lasts, whatever is done in it: a working day
_MOST = 10_000
_MOST_OF_ONE = 20  # browsers of one user


@dataclass
class Session:
    """Somebody's browser. ``user`` is what the file of users said of them when they logged in; ``began`` and
    ``seen`` are seconds of the clock."""

    name: str
    user: User
    csrf: str
    began: float
    seen: float


class Sessions:
    """Sessions that end after ``idle`` seconds without a request, or twelve hours."""

    def __init__(self, idle: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._idle = idle
        self._clock = clock
        self._sessions: dict[str, Session] = {}
        self._lock = threading.Lock()

    def begin(self, name: str, user: User) -> str:
        """A new session, by its id, which nobody can guess."""
        key, now = secrets.token_urlsafe(32), self._clock()
        with self._lock:
            self._forget_ended(now)
            own = [each for each, session in self._sessions.items() if session.name == name]
            if len(own) >= _MOST_OF_ONE:
                del self._sessions[own[0]]
            elif len(self._sessions) >= _MOST:
                del self._sessions[next(iter(self._sessions))]
            self._sessions[key] = Session(name, user, secrets.token_urlsafe(32), now, now)
        return key

    def find(self, key: str, *, prolong: bool) -> Session | None:
        """The session of an id, which goes on where ``prolong`` says that somebody did something."""
        now = self._clock()
        with self._lock:
            found = self._sessions.get(key)
            if found is None:
                return None
            if self._ended(found, now):
                del self._sessions[key]
                return None
            if prolong:
                found.seen = now
            return found

    def end(self, key: str) -> None:
        """Somebody logs out, or may come in no more."""
        with self._lock:
            self._sessions.pop(key, None)

    def _ended(self, session: Session, now: float) -> bool:
        return now - session.seen >= self._idle or now - session.began >= _LONGEST

    def _forget_ended(self, now: float) -> None:
        for key in [key for key, session in self._sessions.items() if self._ended(session, now)]:
            del self._sessions[key]
