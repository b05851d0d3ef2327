"""Write elements: every piece of markup of this room is built here, so all of it is escaped and well-formed."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree as ET

Attribute = str | int | float


def element(tag: str, attributes: Mapping[str, Attribute], *children: ET.Element, text: str = "") -> ET.Element:
    """Build one element; attributes that are the empty string are left out.

    Text and attribute values are escaped when the element is written; ``text.clean`` is the caller's part.
    """
    built = ET.Element(tag, {name: _value(value) for name, value in attributes.items() if value != ""})
    built.text = text or None
    built.extend(children)
    return built


def write(root: ET.Element) -> str:
    """Return the markup of an element and all it holds."""
    return ET.tostring(root, encoding="unicode")


def _value(value: Attribute) -> str:
    """Write numbers with one decimal at most: finer is not visible, and the file is smaller."""
    return value if isinstance(value, str) else f"{value:.1f}".removesuffix(".0")
