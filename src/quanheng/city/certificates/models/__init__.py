"""Tables of the office: jobs of the institute, certificates, recalls."""

from __future__ import annotations

from quanheng.city.certificates.models.certificates import Basis, Certificate, Filed, Outcome, Standing
from quanheng.city.certificates.models.jobs import CONDITIONS, IN_HAND, Entry, Job, JobState, Used
from quanheng.city.certificates.models.recalls import Recall, RecallState, Reverification, ReverificationState

__all__ = [
    "CONDITIONS",
    "IN_HAND",
    "Basis",
    "Certificate",
    "Entry",
    "Filed",
    "Job",
    "JobState",
    "Outcome",
    "Recall",
    "RecallState",
    "Reverification",
    "ReverificationState",
    "Standing",
    "Used",
]
