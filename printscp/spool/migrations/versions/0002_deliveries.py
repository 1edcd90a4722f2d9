"""A delivery for each output of a job, with a state of its own; news for all hosts; conditions of outputs.

Jobs that wait have no deliveries afterwards: the printer that opens the spool routes them.
"""

import secrets
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_COLUMNS = (
    *("job_id", "output", "rank", "state", "status_info", "info"),
    *("attempts", "cancelled", "place", "remote", "token"),
)
_STATES = {"DONE": "DONE", "FAILURE": "FAILED"}


def upgrade() -> None:
    op.execute("UPDATE job SET status = 'PENDING', status_info = 'QUEUED' WHERE status = 'PRINTING'")
    ended = _ended()
    op.drop_index("job_next", "job")
    op.drop_index("job_last", "job")
    with op.batch_alter_table("job", table_kwargs={"sqlite_autoincrement": True}) as job:
        job.add_column(sa.Column("films_kept", sa.Boolean, nullable=False, server_default=sa.true()))
        for name in ("rank", "attempts", "holder", "not_before", "outputs"):
            job.drop_column(name)
        job.alter_column("info", type_=sa.Text, existing_nullable=False)
        job.alter_column("confirmed", server_default=sa.false(), existing_type=sa.Boolean)
    op.create_index("job_status", "job", ["status", "id"])
    op.create_index("job_kept", "job", ["films_kept", "status", "id"])
    # Last: SQLite alters a table by dropping it, and what refers to its rows would go with them.
    _make_tables()
    _deliver_what_was_delivered(ended)


def _make_tables() -> None:
    identity = op.create_table("identity", sa.Column("id", sa.String(16), primary_key=True))
    op.execute(identity.insert().values(id=secrets.token_hex(4)))
    op.create_table(
        "delivery",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("job_id", sa.Integer, sa.ForeignKey("job.id", ondelete="CASCADE"), nullable=False),
        sa.Column("output", sa.Text, nullable=False),
        sa.Column("rank", sa.Integer, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("status_info", sa.String(16), nullable=False),
        sa.Column("info", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("cancelled", sa.Boolean, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("remote", sa.Text, nullable=False),
        sa.Column("holder", sa.String(64)),
        sa.Column("token", sa.Integer, nullable=False),
        sa.Column("lease_until", sa.DateTime),
        sa.Column("not_before", sa.DateTime),
        sa.Column("finished", sa.DateTime),
        sqlite_autoincrement=True,
    )
    op.create_index("delivery_next", "delivery", ["state", "rank", "job_id"])
    op.create_index("delivery_of_job", "delivery", ["job_id"])
    op.create_table(
        "output",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("status_info", sa.String(16), nullable=False),
        sa.Column("info", sa.Text, nullable=False),
        sa.Column("pause", sa.Float, nullable=False),
        sa.Column("not_before", sa.DateTime),
    )
    op.create_table(
        "news",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("job_id", sa.Integer, sa.ForeignKey("job.id", ondelete="CASCADE"), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("status_info", sa.String(16), nullable=False),
        sa.Column("created", sa.DateTime, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("news_of_job", "news", ["job_id"])


def _ended() -> Sequence[sa.Row[Any]]:
    names = ["id", "status", "status_info", "info", "rank", "attempts"]
    columns = [*map(sa.column, names), sa.column("outputs", sa.JSON), sa.column("finished", sa.DateTime)]
    job = sa.table("job", *columns)
    return op.get_bind().execute(sa.select(job).where(sa.column("status").in_(_STATES))).all()


def _deliver_what_was_delivered(rows: Sequence[sa.Row[Any]]) -> None:
    """A delivery for each place that a job's films went to, and for each job that failed."""
    table = sa.table("delivery", *map(sa.column, _COLUMNS), sa.column("finished", sa.DateTime))
    for row in rows:
        for place in row.outputs or [""]:
            op.execute(
                table.insert().values(
                    job_id=row.id,
                    output=place or "none",
                    rank=row.rank,
                    state=_STATES[row.status],
                    status_info=row.status_info,
                    info=row.info,
                    attempts=row.attempts,
                    cancelled=False,
                    place=place,
                    remote="",
                    token=0,
                    finished=row.finished,
                )
            )
