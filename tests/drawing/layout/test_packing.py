from __future__ import annotations

from itertools import combinations

from django_tasks_fsm.drawing.layout.packing import LEAST_WIDTH, PART_GAP, pack


def test_lone_cards_fill_rows():
    page = pack([(188.0, 46.0)] * 6)
    tops = [top for _, top in page.corners]
    assert tops == [0.0] * 4 + [46.0 + PART_GAP] * 2
    assert page.width <= LEAST_WIDTH
    assert page.height == 2 * 46.0 + PART_GAP


def test_no_part_lies_on_another():
    sizes = [(1500.0, 300.0), (800.0, 200.0), (700.0, 250.0), (188.0, 46.0), (188.0, 46.0), (1499.0, 10.0)]
    page = pack(sizes)
    for (a, one), (b, other) in combinations(zip(page.corners, sizes, strict=True), 2):
        apart = a[0] + one[0] <= b[0] or b[0] + other[0] <= a[0] or a[1] + one[1] <= b[1] or b[1] + other[1] <= a[1]
        assert apart


def test_the_page_is_as_wide_as_its_widest_part():
    assert pack([(2000.0, 10.0), (10.0, 10.0)]).width == 2000.0


def test_an_empty_page_has_no_size():
    assert pack([]) == pack(())
    assert (pack([]).width, pack([]).height) == (0.0, 0.0)
