"""Who may do what in supervision; docs/permissions.md has the matrix of the site."""

from __future__ import annotations

from quanheng.city.frame.roles import AUTHORITY, READERS, STAFF, Role

SEE = STAFF
SEE_LAKES = frozenset({Role.CITY, Role.AUDITOR, Role.UTILITY})
SEE_NEIGHBOURS = STAFF - {Role.ENTERPRISE}  # what names the meters of others
POINT = frozenset({Role.CITY})
HAND_IN = frozenset({Role.CITY, Role.UTILITY})
RUN = frozenset({Role.CITY})
RECOMPUTE = frozenset({Role.AUDITOR, Role.CITY})
SEE_REPORT = frozenset({Role.CITY, Role.AUDITOR})
ISSUE = AUTHORITY
CHECK = frozenset({Role.CITY, Role.DISTRICT, Role.INSTITUTE, Role.UTILITY})
SEE_RATES = READERS
