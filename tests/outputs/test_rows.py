"""Rows of samples: each format's bytes, and texts drawn in without a copy of the page."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from outputs.pages import color_page, densities, page, table_of

from printscp.outputs.rows import Drawn, packed_rows
from printscp.render.page import Text
from printscp.render.samples import sample_table
from printscp.render.text import drawn

texts = st.lists(
    st.builds(
        Text,
        st.sampled_from(["film 12", "ÅÄjgÇ|", "صورة 胸"]),
        left=st.floats(-20, 80),
        baseline=st.floats(-40, 160),
        size=st.floats(4, 30),
        density=st.sampled_from([2000, 31000]),
    ),
    max_size=4,
)


@settings(deadline=None)
@given(texts, st.integers(1, 130), st.booleans())
def test_strips_with_text_are_those_of_the_whole_page(lines: list[Text], high: int, gray: bool) -> None:
    fields: dict[str, Any] = {"texts": tuple(lines)}
    made = page(densities(120, 90), **fields) if gray else color_page(120, 90, **fields)
    before = drawn(made).copy()
    strips = Drawn(made)
    parts = [strips[top : top + high] for top in range(0, 120, high)]
    assert (np.concatenate(parts) == before).all()
    assert (drawn(made) == before).all()  # and the page stays as it is


def test_rows_without_text_are_the_page_s_own() -> None:
    made = page()
    strips = Drawn(made)
    assert np.shares_memory(strips[0:80], made.density)
    assert not np.shares_memory(strips[100:120], made.density)


@pytest.mark.parametrize("columns", [1, 2, 7, 8])
def test_two_samples_of_12_bits_are_three_bytes(columns: int) -> None:
    made = page(densities(5, columns))
    rows = packed_rows(made.density, sample_table(made.scale, "p-value", 12))
    data = rows.read(1, 4)
    assert data.shape == (3, rows.width) == (3, (columns * 12 + 7) // 8)
    for packed, samples in zip(data, table_of(4095)[made.density[1:4]], strict=True):
        bits = "".join(f"{sample:012b}" for sample in samples)
        assert "".join(f"{byte:08b}" for byte in packed)[: len(bits)] == bits
