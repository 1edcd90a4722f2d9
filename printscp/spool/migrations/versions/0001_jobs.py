"""Jobs, each with one state for all its outputs."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "job",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("uid", sa.String(64), nullable=False, unique=True),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("status_info", sa.String(16), nullable=False),
        sa.Column("info", sa.String, nullable=False),
        sa.Column("printer_name", sa.String(16), nullable=False),
        sa.Column("originator", sa.String(16), nullable=False),
        sa.Column("priority", sa.String(16), nullable=False),
        sa.Column("rank", sa.Integer, nullable=False),
        sa.Column("copies", sa.Integer, nullable=False),
        sa.Column("medium", sa.String(16), nullable=False),
        sa.Column("destination", sa.String(16), nullable=False),
        sa.Column("label", sa.String(64), nullable=False),
        sa.Column("owner", sa.String(16), nullable=False),
        sa.Column("order_remarks", sa.JSON, nullable=False),
        sa.Column("films", sa.JSON, nullable=False),
        sa.Column("remarks", sa.JSON, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("holder", sa.String(64)),
        sa.Column("not_before", sa.DateTime, nullable=False),
        sa.Column("created", sa.DateTime, nullable=False),
        sa.Column("finished", sa.DateTime),
        sa.Column("outputs", sa.JSON, nullable=False),
        sa.Column("confirmed", sa.Boolean, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("job_next", "job", ["status", "rank", "id"])
    op.create_index("job_last", "job", ["status", "finished", "id"])
