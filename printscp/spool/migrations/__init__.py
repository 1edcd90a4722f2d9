"""Makes the tables of a database, or brings those of an earlier version here step by step (`versions/`)."""

import secrets
from pathlib import Path

from sqlalchemy import Column, Connection, Engine, MetaData, String, Table, inspect

from printscp.errors import SetupError
from printscp.spool.rows import NEWEST, NOT_NEWEST
from printscp.spool.tables import identity, metadata

_FIRST = "0001"
_FIRST_ON_SQLITE = 3  # user_version of databases from before there were migrations
_LOCK = 0x7072696E74  # of PostgreSQL, for those who upgrade at the same time

# As alembic makes it, which is loaded for upgrades alone.
_VERSION = Table("alembic_version", MetaData(), Column("version_num", String(32), primary_key=True))


def upgrade(engine: Engine) -> None:
    """Make the tables, or bring them here; at once where they are.

    Raises:
        SetupError: they are of a newer version, or of one that is too old.
        DatabaseError
    """
    with engine.connect() as connection:
        if _version(connection) == NEWEST:
            return
        sqlite = engine.dialect.name == "sqlite"
        connection.exec_driver_sql("BEGIN IMMEDIATE" if sqlite else "BEGIN")
        try:
            if not sqlite:
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
            if _version(connection) is None and not inspect(connection).has_table("job"):
                _make(connection)
            else:
                _upgrade(connection)
        except BaseException:
            connection.exec_driver_sql("ROLLBACK")
            raise
        connection.exec_driver_sql("COMMIT")


def expect_newest(engine: Engine) -> None:
    """Look whether the tables are of this version.

    Raises:
        SetupError: they are not.
        DatabaseError
    """
    with engine.connect() as connection:
        if _version(connection) != NEWEST:
            raise SetupError(NOT_NEWEST)


def _version(connection: Connection) -> str | None:
    """The version of the tables; None where there are none, or none that says."""
    if not inspect(connection).has_table(_VERSION.name):
        return None
    version: str | None = connection.execute(_VERSION.select()).scalar()
    return version


def _make(connection: Connection) -> None:
    """All tables where there are none: at once, for to go through all versions takes ten times as long."""
    metadata.create_all(connection, checkfirst=False)
    connection.execute(identity.insert().values(id=secrets.token_hex(4)))
    _VERSION.create(connection)
    connection.execute(_VERSION.insert().values(version_num=NEWEST))


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    version = _version(connection)
    known = [each.revision for each in ScriptDirectory.from_config(config).walk_revisions()]
    if version is not None and version not in known:
        raise SetupError("its jobs are those of a newer version of printscp: use that, or another spool")
    if version is None:
        if connection.exec_driver_sql("PRAGMA user_version").scalar() != _FIRST_ON_SQLITE:
            raise SetupError(
                "its jobs are those of another version of printscp; "
                "let that version print them, or give another folder"
            )
        command.stamp(config, _FIRST)
        connection.exec_driver_sql("PRAGMA user_version = 0")  # that version is to leave it alone from now on
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise SetupError(f"its jobs cannot be brought to this version: {error}") from error
