"""Who may see which rows of supervision: the authority all or its district, a utility or enterprise its own."""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.db.models import Q

from quanheng.city.frame.roles import Role, Viewer

# a field check that was made by whose meter it is
OWN = Q(by__party__isnull=False, owner__isnull=False, by__party=models.F("owner"))


class Sight(models.QuerySet[Any]):
    """Rows that have an owner and a district."""

    def visible_to(self, viewer: Viewer) -> Self:
        """What a viewer may see."""
        match viewer.role:
            case Role.CITY | Role.AUDITOR:
                return self
            case Role.DISTRICT:
                return self.filter(district=viewer.district_id)
            case Role.INSTITUTE:
                return self.of_institute(viewer)
            case Role.UTILITY | Role.ENTERPRISE:
                return self.of_party(viewer)
            case _:
                return self.none()

    def of_institute(self, viewer: Viewer) -> Self:
        """An institute sees what it may be asked to check, as in the ledger: all."""
        return self

    def of_party(self, viewer: Viewer) -> Self:
        """What belongs to a party."""
        return self.filter(owner=viewer.party_id)


class OrderSight(Sight):
    """An order is also seen by whom it was given to; what was only proposed, by the authority and the auditor."""

    def visible_to(self, viewer: Viewer) -> Self:
        """What a viewer may see."""
        seen = super().visible_to(viewer)
        if viewer.role in (Role.CITY, Role.DISTRICT, Role.AUDITOR):
            return seen
        return seen.exclude(state="proposed")

    def of_institute(self, viewer: Viewer) -> Self:
        """Those given to it."""
        return self.filter(assignee=viewer.party_id)

    def of_party(self, viewer: Viewer) -> Self:
        """Those on its meters, and those given to it."""
        return self.filter(Q(owner=viewer.party_id) | Q(assignee=viewer.party_id))


class CheckSight(Sight):
    """A field check is also seen by whose people made it."""

    def of_institute(self, viewer: Viewer) -> Self:
        """Those that its people made."""
        return self.filter(by__party=viewer.party_id)

    def of_party(self, viewer: Viewer) -> Self:
        """Those on its meters, and those that its people made."""
        return self.filter(Q(owner=viewer.party_id) | Q(by__party=viewer.party_id))

    def by_others(self) -> Self:
        """Those that were not made by whose meter it is."""
        return self.filter(~OWN)

    def that_count(self) -> Self:
        """Those that tell how right a cycle was: of a meter that was drawn at random, not its owner's own."""
        orders: Any = self.model._meta.get_field("order").related_model
        drawn = orders.objects.filter(
            cycle=models.OuterRef("cycle"), meter=models.OuterRef("meter"), kind="sample_check"
        )
        return self.exclude(OWN & models.Exists(drawn))


class LakeSight(Sight):
    """Lakes are known to the authority, the auditor and whom they are from."""

    def visible_to(self, viewer: Viewer) -> Self:
        """What a viewer may see."""
        match viewer.role:
            case Role.CITY | Role.AUDITOR:
                return self
            case Role.UTILITY:
                return self.filter(owner=viewer.party_id)
            case _:
                return self.none()


class OfLake(Sight):
    """What belongs to a lake, to whoever sees the lake."""

    def visible_to(self, viewer: Viewer) -> Self:
        """What a viewer may see."""
        match viewer.role:
            case Role.CITY | Role.AUDITOR:
                return self
            case Role.UTILITY:
                return self.filter(lake__owner=viewer.party_id)
            case _:
                return self.none()


class CycleSight(Sight):
    """A cycle is seen by whoever sees one of its verdicts, and by the utility whose lake it is."""

    def visible_to(self, viewer: Viewer) -> Self:
        """What a viewer may see."""
        match viewer.role:
            case Role.CITY | Role.AUDITOR | Role.DISTRICT | Role.INSTITUTE:
                return self
            case Role.UTILITY | Role.ENTERPRISE:
                mine = models.Exists(
                    self._verdicts().filter(cycle=models.OuterRef("pk"), owner=viewer.party_id)
                )
                return self.filter(Q(lake__owner=viewer.party_id) | mine)
            case _:
                return self.none()

    def _verdicts(self) -> models.QuerySet[Any]:
        model: Any = self.model._meta.get_field("verdicts").related_model
        return model._default_manager.all()  # type: ignore[no-any-return]
