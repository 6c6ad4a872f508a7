"""kill −9 of whoever issues, after every step: nothing half is left; the next run completes the same certificate."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ASK = """
from quanheng.cli.site import set_up
set_up()
from django.utils import timezone
from quanheng.city.certificates import house
from quanheng.city.certificates.actions import issue
from quanheng.city.certificates.models import Job, JobState
from quanheng.city.people.models import User
job = Job.objects.get(state=JobState.CHECKED)
issue.ask_for(User.objects.get(username="signatory"), job, on=timezone.localdate())
print(job.pk, house.entries())
"""
KILLED = """
import os, signal, sys
from quanheng.cli.site import set_up
set_up()
from quanheng.city.audit.actions import SYSTEM
from quanheng.city.certificates import house, store
from quanheng.city.certificates.actions import filing, issue
from quanheng.city.instruments import actions as instruments
from quanheng.evidence import registry
from quanheng.evidence.log.store import Log
from quanheng.work.trace import admit
step, pk = sys.argv[1], int(sys.argv[2])
where = {"of": admit.Admission, "put": store, "enter": registry, "publish": Log, "attach": Log, "proven": house,
         "register": filing, "verified": instruments}[step]
name = {"proven": "enter"}.get(step, step)
real = getattr(where, name)
def killed(*args, **more):
    real(*args, **more)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(where, name, killed)
issue.issue(SYSTEM, pk)
"""
TELL = """
from quanheng.cli.site import set_up
set_up()
import sys
from quanheng.city.certificates import house, store
from quanheng.city.certificates.models import Certificate, Job
job = Job.objects.get(pk=int(sys.argv[1]))
row = job.certificate
print(job.state, Certificate.objects.count(), house.entries(), row.digest if row else "-")
if row:
    open(sys.argv[2], "wb").write(store.proof(row.digest))
"""
STEPS = ("of", "put", "enter", "publish", "attach", "proven", "register", "verified")


@pytest.mark.drill
def test_an_issue_that_is_killed_after_any_step_is_completed_once(tmp_path: Path) -> None:
    home, city = tmp_path / "home", tmp_path / "city"
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("QUANHENG_", "DJANGO_"))}
    environment |= {
        "QUANHENG_HOME": str(home), "QUANHENG_DEMO": "1", "QUANHENG_KEY_PASSPHRASE": "a passphrase of the tests"
    }  # fmt: skip

    def python(*arguments: str, status: int = 0) -> str:
        done = subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True)
        assert done.returncode == status, done.stderr[-3000:]
        return done.stdout

    def quanheng(*arguments: str) -> str:
        return python("-m", "quanheng.cli.main", *arguments)

    size = ("--areas", "2", "--meters", "10", "--days", "40", "--seed", "7", "--chain", "60")
    quanheng("simulate", str(city), *size)
    quanheng("sample", str(city))
    proof = tmp_path / "issued.proof"
    job, entries = python("-c", ASK).split()
    _state, before, *_ = python("-c", TELL, job, str(proof)).split()
    for step in STEPS:
        python("-c", KILLED, step, job, status=-signal.SIGKILL)
        state, certificates, *_ = python("-c", TELL, job, str(proof)).split()
        assert (state, certificates) == ("issuing", before), step  # to everybody it is as if nothing had been
    quanheng("worker", "--once")
    state, certificates, now, digest = python("-c", TELL, job, str(proof)).split()
    assert (state, int(certificates), int(now)) == ("issued", int(before) + 1, int(entries) + 1)
    assert digest in quanheng("certificate", "verify", str(proof), "--trust", str(home / "trust"))
