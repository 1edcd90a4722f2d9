"""Values that several tables of the configuration have."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field


def ae_title(value: str) -> str:
    """An AE title without spaces around it (PS3.5 6.2).

    Raises:
        ValueError: it is none.
    """
    title = value.strip()
    if not 1 <= len(title) <= 16 or "\\" in title or not title.isascii() or not title.isprintable():
        raise ValueError("an AE title has 1 to 16 printable ASCII characters and no backslash")
    return title


def by_commas(value: Any) -> Any:
    """An environment variable holds a list with commas between."""
    return [each for each in value.split(",") if each.strip()] if isinstance(value, str) else value


AETitle = Annotated[str, AfterValidator(ae_title)]
Port = Annotated[int, Field(ge=0, le=65535)]
