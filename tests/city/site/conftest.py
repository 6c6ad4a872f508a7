"""What the highest office's tests borrow from those below."""

from __future__ import annotations

from city.certificates.conftest import bench

__all__ = ["bench"]
