"""The dialogue that led to each job, as bytes (`printscp.transcript.file`); it goes when the films go."""

from typing import Any

from sqlalchemy import LargeBinary, bindparam, literal, select

from printscp.spool.database import Database, insert_or_update
from printscp.spool.tables import dialogues, jobs


class Dialogues:
    """The dialogues of a database, one a job at most."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, uid: str, content: bytes) -> None:
        """Keep the dialogue of the job of that UID, in place of one that was kept before; of a job that is
        gone, or its films are, nothing is kept.

        Raises:
            TableError
        """
        kept = bindparam("content", content, LargeBinary)
        row = select(jobs.c.id, kept).where(jobs.c.uid == uid, jobs.c.films_kept)
        with self._database.write() as transaction:
            self._put(transaction.connection, row)

    def copy(self, number: int, new: int) -> None:
        """Give a job the dialogue of another one too, if that has one.

        Raises:
            TableError
        """
        row = select(literal(new), dialogues.c.content).where(dialogues.c.job_id == number)
        with self._database.write() as transaction:
            self._put(transaction.connection, row)

    def of(self, number: int) -> bytes | None:
        """The dialogue of the job of that number; None where none is kept.

        Raises:
            TableError
        """
        wanted = select(dialogues.c.content).where(dialogues.c.job_id == number)
        with self._database.read() as connection:
            found: bytes | None = connection.execute(wanted).scalar()
        return None if found is None else bytes(found)

    def _put(self, connection: Any, row: Any) -> None:
        insert = insert_or_update(connection, dialogues).from_select(["job_id", "content"], row)
        content = {"content": insert.excluded.content}
        connection.execute(insert.on_conflict_do_update(index_elements=["job_id"], set_=content))
