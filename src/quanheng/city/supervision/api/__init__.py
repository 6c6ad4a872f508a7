"""The API of the office of supervision, below /api/supervision."""

from ninja import Router

from quanheng.city.supervision.api import cycles, handed_in, orders

router = Router(tags=["supervision"])
for _each in (cycles, orders, handed_in):
    router.add_router("", _each.router)
