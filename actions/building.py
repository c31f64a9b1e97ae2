"""The building of a place: as much of a wording as neighbours may read of whose flat is not theirs to know."""

import re

from actions.places import numbered, plain

_ESTATE = r"[\u4e00-\u9fff]{1,8}?(?:路|街|巷|小区|花园|家园|苑|村|大道|公寓|广场|公园)|(?:\d+|[a-z东西南北])(?:期|区|号院|弄)"
_BUILDING = re.compile(
    rf"(?:{_ESTATE})*(?:(?:(?<!\d)\d{{1,3}}|(?<![a-z])[a-z])\s*(?:号楼|栋|幢|座|#)|(?<!\d)\d{{1,2}}\s*(?:楼|号(?![楼院门线]))"
    r"|(?<![a-z])(?:block|blk|building|bldg|tower)s?\.?\s*#?(?:\d+[a-z]?|[a-z]\b))"
    # With more digits it is a house in a road; without a road it may be a flat.
    rf"|(?:{_ESTATE})+\d{{3,4}}号(?![楼院门线])"
    r"|(?<![\w#-])(?P<bare>\d{1,3}|[a-z])(?=-\d)"
)
_WITHIN = {"building", "floor", "entrance", "room", "gate"}
"""What says more than a building where it stands before one: 2单元5号 is a flat."""


def building_of(place: str) -> str:
    """The place up to its building: 幸福小区3栋2单元501 is 幸福小区3栋, 3-2-501 is 3#.

    "" where no building can be told: of words that nobody can take apart, nothing is sure to be harmless.
    """
    text = plain(place)
    found = _BUILDING.search(text)
    if found is None or _WITHIN & numbered(text[: found.start()]).keys():
        return ""
    return f"{found['bare']}#".upper() if found["bare"] else found[0].title()
