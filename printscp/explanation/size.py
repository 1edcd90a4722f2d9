"""How large an image is printed, why, and what becomes of its pixels on the way."""

from printscp.explanation import Asked
from printscp.explanation.film import mm
from printscp.film.geometry import Rectangle
from printscp.film.sheet import Sheet, SheetImage
from printscp.render.resample import Placement, magnification, placement, printer_pixels


def size_lines(sheet: Sheet, image: SheetImage, asked: Asked) -> tuple[str, ...]:
    """Sentences on size, place, cut and resampling."""
    box = sheet.boxes[image.position - 1]
    placed = placement(image, box, sheet.dots_per_inch)
    return (
        _size(sheet, image, placed.where, box, asked),
        _place(sheet, placed.where),
        *_cut(image, placed),
        _scaled(sheet, image, box, asked),
        *_aspect(image),
    )


def _size(sheet: Sheet, image: SheetImage, where: Rectangle, box: Rectangle, asked: Asked) -> str:
    printed = f"{where.width} x {where.height} printer pixels large, {_mm(where, sheet)}"
    room = f"{box.width} x {box.height}, {_mm(box, sheet)}"
    return f"Printed {printed}, in an image box of {room}: {_why(sheet, image, box, asked)}."


def _place(sheet: Sheet, where: Rectangle) -> str:
    left, top = mm(where.left, sheet), mm(where.top, sheet)
    return f"Its left upper corner is {left:.1f} mm from the left and {top:.1f} mm from the top of the page."


def _mm(part: Rectangle, sheet: Sheet) -> str:
    return f"{mm(part.width, sheet):.1f} x {mm(part.height, sheet):.1f} mm"


def _why(sheet: Sheet, image: SheetImage, box: Rectangle, asked: Asked) -> str:
    crop = image.decimate_crop == "CROP"
    if image.magnification == "NONE":
        source = asked.source("MagnificationType", image.position, image.magnification)
        return f"Magnification Type NONE{source} makes each image pixel one printer pixel"
    if image.requested_width_mm is not None:
        width = printer_pixels(image.requested_width_mm, sheet.dots_per_inch)
        wanted = f"Requested Image Size asks for {image.requested_width_mm:g} mm of width"
        vertical, horizontal = image.pixel_aspect
        height = width * image.rows * vertical / (image.columns * horizontal)
        if round(width) <= box.width and round(height) <= box.height:
            return f"{wanted}, and has it"
        return f"{wanted}, which the box does not have: {'it is cut' if crop else 'it is made to fit'}"
    if crop and (image.rows > box.height or image.columns > box.width):
        source = asked.source("RequestedDecimateCropBehavior", image.position)
        return f"CROP{source} of an image with more pixels than the box prints it one to one"
    return "no size was asked for, so it is as large as fits whole"


def _cut(image: SheetImage, placed: Placement) -> list[str]:
    part = placed.part
    if (part.width, part.height) == (image.columns, image.rows):
        return []
    columns = f"columns {part.left + 1} to {part.right} of {image.columns}"
    rows = f"rows {part.top + 1} to {part.bottom} of {image.rows}"
    return [f"It is cut: {columns} and {rows} are printed, the middle."]


def _scaled(sheet: Sheet, image: SheetImage, box: Rectangle, asked: Asked) -> str:
    vertical, horizontal = magnification(image, box, sheet.dots_per_inch)
    many = f"{horizontal:.4g}" if vertical == horizontal else f"{horizontal:.4g} x {vertical:.4g}"
    if vertical == horizontal == 1:
        how = "no pixel is changed"
    elif max(vertical, horizontal) <= 1:
        how = "each printed pixel is the mean of the image pixels that it covers"
    else:
        source = asked.source("MagnificationType", image.position, image.magnification)
        how = f"between image pixels Magnification Type {image.magnification}{source} fills in"
    smoothed = image.smoothing_weight and image.magnification == "CUBIC"
    smoothing = (
        f"; Smoothing Type {image.smoothing} {'smooths' if image.smoothing_weight > 0 else 'sharpens'} it "
        f"before, each neighbour with weight {image.smoothing_weight:g}"
        if smoothed
        else ""
    )
    return f"An image pixel is {many} printer pixels wide: {how}{smoothing}."


def _aspect(image: SheetImage) -> list[str]:
    vertical, horizontal = image.pixel_aspect
    if vertical == horizontal:
        return []
    return [f"Pixel Aspect Ratio {vertical}\\{horizontal}: its pixels are not square, and are printed so."]
