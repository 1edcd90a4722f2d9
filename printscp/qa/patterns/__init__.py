"""The patterns there are, by name."""

from printscp.errors import SetupError
from printscp.qa.pattern import Pattern
from printscp.qa.patterns import geometry, ramp, resolution, smpte, tg18_qc, uniformity, wedge
from printscp.qa.patterns.recipe import Recipe

__all__ = ["PATTERNS", "Recipe", "draw"]

_MODULES = (wedge, smpte, tg18_qc, uniformity, geometry, ramp, resolution)

PATTERNS: dict[str, Recipe] = {recipe.name: recipe for module in _MODULES for recipe in module.RECIPES}


def draw(
    name: str, columns: int = 1024, rows: int = 1024, bits: int = 12, width_mm: float | None = None
) -> Pattern:
    """Draw a pattern for a matrix of any size of 128 x 128 or more.

    Raises:
        SetupError: there is no such pattern, or it cannot be drawn so; the message says what can.
    """
    recipe = PATTERNS.get(name)
    if recipe is None:
        raise SetupError(f"no pattern {name}; there are {', '.join(PATTERNS)}")
    return recipe.draw(columns, rows, bits, width_mm)
