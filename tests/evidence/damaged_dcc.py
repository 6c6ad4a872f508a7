"""DCCs with faults."""

from __future__ import annotations

import copy
import random

from lxml import etree


def damaged(root: etree._Element, chance: random.Random) -> etree._Element:
    """A certificate with one or two faults, of any kind."""
    for _ in range(chance.randint(1, 2)):
        # what is inside a signature is looked at elsewhere, and no part of our structure
        element = chance.choice(
            [
                each
                for each in root.iter("{https://ptb.de/dcc}*", "{https://ptb.de/si}*")
                if each.getparent() is not None
            ]
        )
        parent = element.getparent()
        assert parent is not None
        match chance.randrange(8):
            case 0:
                parent.remove(element)
            case 1:
                parent.append(copy.deepcopy(element))
            case 2:
                parent.insert(0, element)
            case 3:
                element.tag = element.tag + "X"
            case 4:
                element.text = chance.choice(["", " ", "nonsense", "1e5", "2020-01-01", "-3"])
            case 5:
                for name in list(element.attrib)[:1]:
                    del element.attrib[name]
            case 6:
                element.set(
                    chance.choice(["id", "refId", "refType", "lang", "color"]),
                    chance.choice(["", "a b", "1", "x", "en", "a  b"]),
                )
            case _:
                other = chance.choice(list(root.iter("{https://ptb.de/dcc}*", "{https://ptb.de/si}*")))
                parent.append(copy.deepcopy(other)) if len(other) < 20 else parent.remove(element)
    return root
