"""A film printer as `ippeveprinter -a` reads it: IPP attributes of one that prints film by the inch."""

from collections.abc import Sequence

SIZES = ((8, 10), (10, 12), (10, 14), (11, 14), (14, 14), (14, 17), (17, 17))
_JOB = "copies,ipp-attribute-fidelity,job-name,job-priority,media,media-col,print-quality,print-scaling,sides"
_ATTRIBUTES = """\
ATTR boolean color-supported false
ATTR integer copies-default 1
ATTR rangeOfInteger copies-supported 1-99
ATTR mimeMediaType document-format-default {first}
ATTR mimeMediaType document-format-supported {formats}
ATTR keyword job-creation-attributes-supported {job}
ATTR integer job-priority-default 50
ATTR integer job-priority-supported 100
ATTR keyword media-default {default}
ATTR keyword media-supported {names}
ATTR keyword media-ready {names}
ATTR collection media-col-default {default_col}
ATTR collection media-col-ready {cols}
ATTR collection media-col-database {cols}
ATTR collection media-size-supported {sizes}
ATTR keyword media-col-supported media-size,media-size-name,media-source,media-type{margin_names}
ATTR keyword media-source-supported main
ATTR keyword media-type-supported photographic-film
ATTR enum orientation-requested-supported 3,4
ATTR keyword print-color-mode-supported monochrome
ATTR enum print-quality-default 5
ATTR enum print-quality-supported 4,5
ATTR keyword print-scaling-default none
ATTR keyword print-scaling-supported none,fit
ATTR resolution printer-resolution-default 300dpi
ATTR resolution printer-resolution-supported 300dpi,600dpi
ATTR resolution pwg-raster-document-resolution-supported 300dpi,600dpi
ATTR keyword pwg-raster-document-sheet-back normal
ATTR keyword pwg-raster-document-type-supported black_1,sgray_8
ATTR text printer-make-and-model "Film printer of a test"
ATTR text printer-device-id "MFG:Test;MDL:Film;CMD:PDF,PWGRaster;"
ATTR keyword sides-default one-sided
ATTR keyword sides-supported one-sided
"""
_MARGINS = tuple(f"media-{side}-margin" for side in ("bottom", "left", "right", "top"))


def film_printer(sizes: Sequence[tuple[float, float]] = SIZES, pdf: bool = True, custom: bool = True) -> str:
    """The attributes of a printer with film of ``sizes`` in inches, and of ``custom`` ones up to 18 x 44."""
    formats = [*(["application/pdf"] if pdf else []), "image/pwg-raster", "application/octet-stream"]
    names = [_name(size) for size in sizes]
    dimensions = [
        _size(
            *(f"integer {axis}-dimension {round(side * 2540)}" for axis, side in zip("xy", size, strict=True))
        )
        for size in sizes
    ]
    columns = [_column(name, size) for name, size in zip(names, dimensions, strict=True)]
    if custom:
        names += ["custom_min_5x5in", "custom_max_18x44in"]
        ranges = "rangeOfInteger x-dimension 12700-45720", "rangeOfInteger y-dimension 12700-111760"
        dimensions.append(_size(*ranges))
    margins = "".join(f"ATTR integer {name}-supported 0\n" for name in _MARGINS)
    return margins + _ATTRIBUTES.format(
        first=formats[0],
        formats=",".join(formats),
        job=_JOB,
        default=names[0],
        names=",".join(names),
        default_col=columns[0],
        cols=",".join(columns),
        sizes=",".join(dimensions),
        margin_names="".join(f",{name}" for name in _MARGINS),
    )


def _name(size: tuple[float, float]) -> str:
    film = "x".join(f"{side:g}" for side in size)
    return f"custom_film-{film}_{film}in"


def _size(*members: str) -> str:
    return _collection(*members)


def _column(name: str, size: str) -> str:
    margins = (f"integer {margin} 0" for margin in _MARGINS)
    kinds = "keyword media-source main", "keyword media-type photographic-film"
    return _collection(f"collection media-size {size}", f"keyword media-size-name {name}", *margins, *kinds)


def _collection(*members: str) -> str:
    return "{ " + " ".join(f"MEMBER {member}" for member in members) + " }"
