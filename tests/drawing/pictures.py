"""Read pictures back: what a browser would see of the markup."""

from __future__ import annotations

from xml.etree import ElementTree as ET

SVG = "{http://www.w3.org/2000/svg}"


def parsed(markup: str) -> ET.Element:
    """Return the root of a picture; fails where it is not well-formed XML."""
    return ET.fromstring(markup.encode())


def with_class(root: ET.Element, name: str) -> list[ET.Element]:
    """Return the elements that have a class."""
    return [found for found in root.iter() if name in found.get("class", "").split()]


def text_of(root: ET.Element, tag: str) -> str:
    """Return the text of the first child with a tag."""
    return root.findtext(f"{SVG}{tag}") or root.findtext(tag) or ""
