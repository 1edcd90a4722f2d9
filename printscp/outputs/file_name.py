"""What an output calls the files that it leaves in a folder: a template of the configuration, filled in for a
job. It has no field for anything of a patient."""

import re
from collections.abc import Iterator
from datetime import UTC
from pathlib import PurePosixPath
from string import Formatter

from printscp.outputs.output import Ticket

DEFAULT = "{created}-{job}"

_FIELDS = (
    "job",
    "created",
    "date",
    "time",
    "printer",
    "originator",
    "film_size",
    "medium",
    "destination",
    "priority",
    "copies",
    "films",
)
_LONGEST_VALUE = 16  # characters of an AE title or a term (PS3.5 6.2)
_LONGEST_NAME = 200  # bytes; a file system takes 255, and numbers and endings are to come
_UNSAFE = re.compile(r"^\.|\.$|[^A-Za-z0-9._+-]")
_FORBIDDEN = re.compile(r'[\\:*?"<>|]')  # on shares that Windows reads, too


def checked_template(template: str) -> str:
    """A template that makes a name of its own for each job, in the folder or in one below it.

    Raises:
        ValueError: it does not; the message says what to do.
    """
    try:
        parsed = list(Formatter().parse(template))
    except ValueError as error:
        raise ValueError(f"{error}; a brace that stays one is doubled") from error
    for _, field, form, conversion in parsed:
        if field is not None and (field not in _FIELDS or form or conversion):
            raise ValueError(f"there is no field {{{field}}}; there are {', '.join(_FIELDS)}, as they are")
    text = "".join(literal for literal, _, _, _ in parsed)
    if not text.isprintable() or _FORBIDDEN.search(text):
        raise ValueError('a file name holds no control characters, and none of \\ : * ? " < > |')
    longest = template.format_map(dict.fromkeys(_FIELDS, "X" * _LONGEST_VALUE)).split("/")
    if any(not each.strip() or each.startswith(".") or each.endswith((".", " ")) for each in longest):
        raise ValueError("each part between slashes must be a name: not empty, no dot at either end")
    if any(len(each.encode()) > _LONGEST_NAME for each in longest):
        raise ValueError(f"a name may become longer than {_LONGEST_NAME} bytes")
    if not any(_told_apart(template.rpartition("/")[2])):
        raise ValueError(
            "{job} must begin or end the file name, set off from other fields and digits, as in "
            "{printer}-{job}: else a film could take the place of another"
        )
    return template


def _told_apart(name: str) -> Iterator[bool]:
    """Whether the job's number can be read off the name again, at its end or its beginning: AE titles are
    what an SCU likes, and may look like numbers of jobs."""
    yield re.search(r"(^|[^0-9}])\{job\}$", name) is not None
    yield re.match(r"\{job\}($|[^0-9{])", name) is not None


def made_name(template: str, ticket: Ticket) -> PurePosixPath:
    """The name of a job's file, without its ending, below the folder; each value is made safe in it."""
    created = ticket.created.astimezone(UTC)
    values: dict[str, object] = {
        "job": f"{ticket.job:06}",
        "created": f"{created:%Y%m%d-%H%M%S}",
        "date": f"{created:%Y%m%d}",
        "time": f"{created:%H%M%S}",
    }
    for name in _FIELDS:
        if name not in values:
            value = str(getattr(ticket, name))[:_LONGEST_VALUE]
            values[name] = _UNSAFE.sub("_", value) or "_"
    return PurePosixPath(template.format_map(values))
