"""The film is printed before its images are there.

A print job is a copy of what there is when N-ACTION comes: an empty film. Printers answer 0xB603, a
warning, which an SCU may well take for success. The images that come afterwards are on no film.
"""

from right import PrintScu, main

FINDINGS = ("empty-film", "image-after-print")


class WrongScu(PrintScu):
    def set_images(self) -> None:
        """Too late: see below."""

    def print_film_box(self) -> None:
        super().print_film_box()
        super().set_images()


if __name__ == "__main__":
    main(WrongScu)
