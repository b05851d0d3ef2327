"""Arrange boxes and links on a page: engines give geometry only, the picture is painted elsewhere.

The way of a graph through this room: ``choose`` picks an engine; ``prepare`` turns links round until no cycle is left
and makes boxes of their labels; ``components`` splits; an engine (``layered`` or ``dot``) arranges every part;
``packing`` puts the parts on one page; ``prepare.combine`` reads the routes off it.
"""

from __future__ import annotations
