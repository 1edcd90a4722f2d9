"""A second film box while the first is not printed.

Only the last film box that was created can be set and printed: the first film, images and all, is gone.
Printers that do not print film sessions as a whole refuse the second one with 0xC616.
"""

from right import PrintScu, main

FINDINGS = ("film-box-before-print",)


class WrongScu(PrintScu):
    def set_images(self) -> None:
        super().set_images()
        super().create_film_box()
        super().set_images()


if __name__ == "__main__":
    main(WrongScu)
