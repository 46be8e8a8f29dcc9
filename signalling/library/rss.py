"""A feed of what is public of a school or region: RSS 2.0 (https://www.rssboard.org/rss-specification).

Files are for those who are signed in, so an item has the address of its page and no enclosure.
"""

from __future__ import annotations

from collections.abc import Sequence
from email.utils import formatdate
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from signalling.library import addresses, dublin_core
from signalling.library.dublin_core import add
from signalling.library.openly import Item, Place

CONTENT_TYPE = "application/rss+xml"
_ATOM = "http://www.w3.org/2005/Atom"

ElementTree.register_namespace("atom", _ATOM)


def write(place: Place, items: Sequence[Item], origin: str, address: str) -> bytes:
    """:param origin: of this server. :param address: of the feed."""
    root = Element("rss", {"version": "2.0"})
    channel = add(root, "channel")
    add(channel, "title", f"{place.name} · 同课")
    add(channel, "link", f"{origin}/library")
    add(channel, "description", f"{place.name}公开的课程与资源")
    add(channel, "language", "zh-cn")
    add(channel, f"{{{_ATOM}}}link", href=address, rel="self", type=CONTENT_TYPE)
    if items:
        add(channel, "lastBuildDate", formatdate(max(item.row.changed for item in items), usegmt=True))
    for item in items:
        entry = add(channel, "item")
        add(entry, "title", item.row.title)
        add(entry, "link", f"{origin}{addresses.page(item.row.id)}")
        add(entry, "guid", f"{origin}{addresses.page(item.row.id)}", isPermaLink="true")
        add(entry, "description", item.row.description or item.row.title)
        add(entry, "pubDate", formatdate(item.row.published or item.row.changed, usegmt=True))
        dublin_core.add_elements(entry, item, origin)
    return dublin_core.write(root)
