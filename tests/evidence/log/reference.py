"""Where the published vectors of logs lie, beside the project."""

from pathlib import Path

import pytest

TLOG = Path(__file__).parents[4] / "shared" / "data" / "tlog"
needs_vectors = pytest.mark.skipif(not TLOG.is_dir(), reason=f"{TLOG.name}: reference vectors are absent")
