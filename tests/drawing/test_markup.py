from __future__ import annotations

from django_tasks_fsm.drawing.markup import element, write


def test_text_and_attributes_are_escaped():
    markup = write(element("a", {"href": '/?a=1&b="<'}, text="<script>&"))
    assert markup == '<a href="/?a=1&amp;b=&quot;&lt;">&lt;script&gt;&amp;</a>'


def test_an_empty_attribute_is_left_out_and_a_zero_is_not():
    assert write(element("rect", {"class": "", "x": 0})) == '<rect x="0" />'


def test_numbers_are_as_short_as_they_can_be():
    assert write(element("rect", {"x": 1.0, "y": 2.26, "rx": 6})) == '<rect x="1" y="2.3" rx="6" />'


def test_children_follow_in_order():
    assert write(element("g", {}, element("a", {}), element("b", {}))) == "<g><a /><b /></g>"
