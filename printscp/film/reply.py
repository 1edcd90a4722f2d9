"""Attributes that only the printer gives, and how an N-GET picks from them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pydicom.datadict import tag_for_keyword

from printscp.film.attributes import ATTRIBUTE_LIST_ERROR, SUCCESS
from printscp.film.exchange import Answer, Request, Values


@dataclass(frozen=True)
class Reply:
    """A row of an N-GET table: ``usage`` as in the standard, ``depth`` inside sequences."""

    keyword: str
    usage: str
    depth: int = 0
    tag: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tag", int(tag_for_keyword(self.keyword) or 0))


def pick(values: Values, table: Sequence[Reply], request: Request, *, strict: bool) -> Answer:
    """The attributes asked for, all where none was; 0x0107 names those that are not served (PS3.7 10.1.2).

    An attribute of the class for which the printer has no value is given empty, unless it is strict.
    """
    if not request.attributes:
        return Answer(values=values)
    rows = {row.tag: row.keyword for row in table if row.depth == 0}
    asked = {tag: rows.get(tag) for tag in request.attributes}
    served = {
        keyword: values.get(keyword)
        for keyword in asked.values()
        if keyword and (keyword in values or not strict)
    }
    unknown = tuple(tag for tag, keyword in asked.items() if keyword not in served)
    comment = f"{len(unknown)} attributes unknown here" if unknown else ""
    return Answer(ATTRIBUTE_LIST_ERROR if unknown else SUCCESS, served, tags=unknown, comment=comment)
