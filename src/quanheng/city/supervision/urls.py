"""Addresses of the office of supervision."""

from __future__ import annotations

from django.urls import path

from quanheng.city.supervision.pages import checks, cycles, lakes, orders, verdicts

urlpatterns = [
    path("cycles/", cycles.show_list, name="cycles-list"),
    path("cycles/<int:pk>/", cycles.show, name="cycle"),
    path("cycles/<int:pk>/state/", cycles.state, name="cycle-state"),
    path("cycles/<int:pk>/cancel/", cycles.cancel, name="cycle-cancel"),
    path("cycles/<int:pk>/resume/", cycles.resume, name="cycle-resume"),
    path("cycles/<int:pk>/seal/", cycles.seal, name="cycle-seal"),
    path("cycles/<int:pk>/recompute/", cycles.recompute, name="cycle-recompute"),
    path("cycles/<int:pk>/recomputations/", cycles.recomputations, name="recomputations"),
    path("cycles/<int:pk>/issue/", orders.issue, name="orders-issue"),
    path("cycles/<int:pk>/areas/<str:area>/", cycles.area, name="cycle-area"),
    *(
        path(f"cycles/<int:pk>/{name}", cycles.file, {"name": name}, name=f"cycle-{name}")
        for name in ("report.html", "run.json", "run.proof")
    ),
    path("verdicts/", verdicts.show_list, name="verdicts-list"),
    path("verdicts/<int:pk>/", verdicts.show, name="verdict"),
    path("verdicts/<int:pk>/sheet.html", verdicts.sheet, name="verdict-sheet"),
    path("orders/", orders.show_list, name="orders-list"),
    path("orders/<int:pk>/", orders.show, name="order"),
    path("orders/<int:pk>/notice/", orders.notice, name="order-notice"),
    path("orders/<int:pk>/order.proof", orders.proof, name="order-proof"),
    path("orders/<int:pk>/<slug:move>/", orders.act, name="order-act"),
    path("checks/", checks.show_list, name="checks-list"),
    path("checks/new/", checks.new, name="check-new"),
    path("checks/worker.js", checks.worker, name="check-worker"),
    path("checks/precision/", checks.precision, name="precision"),
    path("checks/<int:pk>/", checks.show, name="check"),
    path("checks/<int:pk>/photo/", checks.photo, name="check-photo"),
    path("lakes/", lakes.show_list, name="lakes-list"),
    path("lakes/point/", lakes.point, name="lake-point"),
    path("lakes/open/", lakes.open_one, name="lake-open"),
    path("lakes/receipts.pem", lakes.key, name="receipts-key"),
    path("lakes/deliveries/<int:pk>/<slug:what>.json", lakes.receipt, name="receipt"),
    path("lakes/<slug:name>/", lakes.show, name="lake"),
    path("lakes/<slug:name>/hand-in/", lakes.hand_in, name="lake-hand-in"),
    path("lakes/<slug:name>/look/", lakes.look_again, name="lake-look"),
    path("lakes/<slug:name>/plan/", lakes.plan, name="lake-plan"),
    path("lakes/<slug:name>/run/", lakes.run, name="lake-run"),
]
