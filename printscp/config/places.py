"""Where the job table and the sheets are: what a configuration may say of it."""

import re
from urllib.parse import urlsplit

_DRIVERS = {
    "sqlite": "sqlite",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
_FORMS = "sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE"


def database_url(text: str) -> str:
    """The URL of a database as SQLAlchemy takes it.

    Raises:
        ValueError: it is none; the message has no part of it but its scheme, since there may be a password.
    """
    scheme, mark, rest = text.partition("://")
    if not mark or not re.fullmatch(r"[a-z0-9+]+", scheme):
        raise ValueError(f"is no URL of a database: {_FORMS}")
    driver = _DRIVERS.get(scheme)
    if driver is None:
        raise ValueError(f"{scheme} is no database that printscp knows: {_FORMS}")
    if driver == "sqlite":
        # In memory each process would have a job table of its own.
        if not rest.startswith("/") or rest == "/" or rest.startswith(("/?", "/:memory:")):
            raise ValueError("sqlite: a file is wanted: sqlite:///FILE, or sqlite:////FOLDER/FILE")
    elif not _is_server(f"//{rest}"):
        raise ValueError(
            f"is not understood: {_FORMS}; special characters of a password are written as "
            "%40 (@), %2F (/), %3A (:), %3F (?), %23 (#), %25 (%)"
        )
    return f"{driver}://{rest}"


def _is_server(rest: str) -> bool:
    """User, host and database can be told apart, and the port is one."""
    try:
        parts = urlsplit(rest)
        _ = parts.port
    except ValueError:
        return False
    return parts.netloc.count("@") <= 1 and "@" not in parts.path and not parts.fragment


def sqlite_url(file: str) -> str:
    """The URL of a file of SQLite."""
    return f"sqlite:///{file.replace('%', '%25').replace('?', '%3F')}"


def sheets_place(text: str) -> str:
    """A folder, or ``s3://BUCKET/PREFIX``.

    Raises:
        ValueError: it is neither.
    """
    scheme, mark, rest = text.partition("://")
    if mark and (scheme != "s3" or not rest.strip("/") or rest.startswith("/")):
        raise ValueError("is neither a folder nor s3://BUCKET/PREFIX")
    if not text.strip():
        raise ValueError("is empty: a folder, or s3://BUCKET/PREFIX")
    return text
