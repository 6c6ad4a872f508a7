"""Settings of the tests: those of the site, in a folder of their own, on SQLite or on a PostgreSQL of theirs."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

folder = Path(tempfile.mkdtemp(prefix="quanheng-tests-"))
atexit.register(shutil.rmtree, folder, ignore_errors=True)
os.environ["QUANHENG_HOME"] = str(folder)
if "QUANHENG_TEST_DATABASE" in os.environ:
    os.environ["QUANHENG_DATABASE"] = os.environ["QUANHENG_TEST_DATABASE"]

from quanheng.city.settings import *  # noqa: E402, F403

ALLOWED_HOSTS = ["*"]
SECOND_FACTOR = "optional"  # tests that are about it say so
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # tests sign in often
