"""The tables of the spool: jobs, their deliveries and dialogues, the news of them, the condition of outputs.

`migrations/` brings a database of an earlier version here; a test sees to it that both agree.
"""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    false,
    true,
)

metadata = MetaData()

identity = Table("identity", metadata, Column("id", String(16), primary_key=True))
"""One row: the name of this job table, which its sheets bear, so that another leaves them alone."""

jobs = Table(
    "job",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("uid", String(64), nullable=False, unique=True),
    Column("status", String(16), nullable=False),
    Column("status_info", String(16), nullable=False),
    Column("info", Text, nullable=False, default=""),
    Column("printer_name", String(16), nullable=False),
    Column("originator", String(16), nullable=False),
    Column("priority", String(16), nullable=False),
    Column("copies", Integer, nullable=False),
    Column("medium", String(16), nullable=False),
    Column("destination", String(16), nullable=False),
    Column("label", String(64), nullable=False),
    Column("owner", String(16), nullable=False),
    Column("order_remarks", JSON, nullable=False),
    Column("films", JSON, nullable=False),
    Column("films_kept", Boolean, nullable=False, default=True, server_default=true()),
    Column("remarks", JSON, nullable=False),
    Column("created", DateTime, nullable=False),
    Column("finished", DateTime),
    Column("confirmed", Boolean, nullable=False, default=False, server_default=false()),
    Index("job_status", "status", "id"),
    Index("job_kept", "films_kept", "status", "id"),
    sqlite_autoincrement=True,  # a number is never used twice: documents are named after it
)

deliveries = Table(
    "delivery",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("job_id", ForeignKey("job.id", ondelete="CASCADE"), nullable=False),
    Column("output", Text, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("status_info", String(16), nullable=False),
    Column("info", Text, nullable=False, default=""),
    Column("attempts", Integer, nullable=False, default=0),
    Column("cancelled", Boolean, nullable=False, default=False),
    Column("place", Text, nullable=False, default=""),
    Column("remote", Text, nullable=False, default=""),
    Column("holder", String(64)),
    Column("token", Integer, nullable=False, default=0),
    Column("lease_until", DateTime),
    Column("not_before", DateTime),
    Column("finished", DateTime),
    Index("delivery_next", "state", "rank", "job_id"),
    Index("delivery_of_job", "job_id"),
    sqlite_autoincrement=True,
)
"""``rank`` is that of the job's priority. A holder has it until ``lease_until``; ``token`` counts holders."""

dialogues = Table(
    "dialogue",
    metadata,
    Column("job_id", ForeignKey("job.id", ondelete="CASCADE"), primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

outputs = Table(
    "output",
    metadata,
    Column("name", Text, primary_key=True),
    Column("status", String(16), nullable=False),
    Column("status_info", String(16), nullable=False),
    Column("info", Text, nullable=False),
    Column("pause", Float, nullable=False),
    Column("not_before", DateTime),
)
"""Only those that something is, or was, the matter with; nothing goes there before ``not_before``."""

news = Table(
    "news",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("job_id", ForeignKey("job.id", ondelete="CASCADE"), nullable=False),
    Column("status", String(16), nullable=False),
    Column("status_info", String(16), nullable=False),
    Column("created", DateTime, nullable=False),
    Index("news_of_job", "job_id"),
    sqlite_autoincrement=True,
)
