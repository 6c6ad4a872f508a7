"""Outlines of districts, from GeoJSON (RFC 7946): rings of longitude and latitude in degrees."""

from __future__ import annotations

import json
import math
from typing import Any

from quanheng.ground.errors import Fault
from quanheng.ground.text import unfit

Ring = list[list[float]]
LARGEST = 10 * 1024 * 1024  # bytes
LEAST = 3  # different positions of a ring
WRONG = (
    "轮廓应为 GeoJSON FeatureCollection，每个 feature 有 properties.code 和 Polygon 或 MultiPolygon，"
    f"每个环至少有 {LEAST} 个不同的位置"
)
WRONG_ENGLISH = (
    "should be a GeoJSON FeatureCollection whose features have properties.code and a Polygon or MultiPolygon"
    f" of rings with {LEAST} different positions or more"
)


def read(data: bytes) -> dict[str, list[Ring]]:
    """Outer rings by code of the district. Raises Fault: what is wrong, with the feature's place."""
    if len(data) > LARGEST:
        raise Fault(f"文件大于 {LARGEST // 2**20} MB / the file is larger than {LARGEST // 2**20} MB")
    try:
        said = json.loads(data)
        features = said["features"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Fault(f"{WRONG} / {WRONG_ENGLISH}") from error
    found = {}
    for n, feature in enumerate(features if isinstance(features, list) else [None], 1):
        try:
            found[_code(feature["properties"]["code"])] = _rings(feature["geometry"])
        except (KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
            raise Fault(f"第 {n} 个 feature：{WRONG} / feature {n}: {WRONG_ENGLISH}") from error
    return found


def _code(said: Any) -> str:
    code = str(said)
    if unfit(code):
        raise ValueError(code)
    return code


def _rings(geometry: Any) -> list[Ring]:
    polygons = (
        geometry["coordinates"]
        if geometry["type"] == "MultiPolygon"
        else [{"Polygon": geometry["coordinates"]}[geometry["type"]]]
    )
    rings = [[_point(place) for place in polygon[0]] for polygon in polygons]
    if not rings or any(len({*map(tuple, ring)}) < LEAST for ring in rings):
        raise ValueError(rings)
    return rings


def _point(place: Any) -> list[float]:
    longitude, latitude = float(place[0]), float(place[1])
    if not (math.isfinite(longitude) and abs(longitude) <= 180 and abs(latitude) <= 90):
        raise ValueError(place)
    return [round(longitude, 6), round(latitude, 6)]
