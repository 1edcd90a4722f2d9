"""Where a page goes on after something was done."""

from urllib.parse import urlsplit


def local(path: str) -> str:
    r"""The path, if it is one of this light box, and else that of its first page.

    ``//host``, ``/\host`` and control characters, which browsers take for addresses elsewhere, are none.
    """
    plain = path.isprintable() and "\\" not in path and path.isascii()
    if not plain or not path.startswith("/") or path.startswith("//"):
        return "/"
    try:
        parts = urlsplit(path)
    except ValueError:
        return "/"
    return "/" if parts.scheme or parts.netloc else path
