"""An instrument is received, measured, checked by another, and its certificate proves itself up to the SI."""

from __future__ import annotations

import re
import threading
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from at_the_bench import Bench, checked, issued, measured, read, received, signed_in, today
from django.conf import settings as site
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client

from quanheng.city.audit import actions as audit
from quanheng.city.audit.actions import SYSTEM
from quanheng.city.audit.past import last_event
from quanheng.city.certificates import house, store
from quanheng.city.certificates.actions import issue, jobs, recall, results, standing
from quanheng.city.certificates.models import Certificate, Entry, Job, JobState, Reverification, Standing
from quanheng.city.indicators.catalogue import indicators
from quanheng.city.indicators.compute import census
from quanheng.city.instruments import actions as instruments
from quanheng.city.instruments.models import CatalogueEntry, Instrument
from quanheng.city.people import actions as people
from quanheng.city.people.models import Qualification, User
from quanheng.city.queue import worker
from quanheng.cli import main
from quanheng.evidence import proof_file
from quanheng.evidence.log.store import Log
from quanheng.ground.errors import Fault, NotShown


def verify(digest: str, tmp_path: Path) -> int:
    path = tmp_path / f"{digest[:8]}.proof"
    path.write_bytes(store.proof(digest))
    return main.main(["certificate", "verify", str(path), "--trust", str(site.HOME / "trust")])


def test_what_is_issued_proves_itself_up_to_the_si(bench: Bench, tmp_path: Path) -> None:
    row = issued(bench)
    assert row.outcome == "pass"
    assert row.log_index is not None
    assert verify(row.digest, tmp_path) == 0
    documents = proof_file.read(store.proof(row.digest)).documents
    certificates = [each for each in documents if each.kind == "certificate"]
    assert len(certificates) == 5  # instrument, bench, city, province, nation


def test_the_ledger_follows_the_certificate(bench: Bench) -> None:
    row = issued(bench)
    instrument = Instrument.objects.get(code="E-1")
    assert (instrument.verified, instrument.due) == (today(), row.due)


def test_an_instrument_that_fails_is_stopped(bench: Bench) -> None:
    row = issued(bench, error=0.02)
    assert row.outcome == "fail"
    assert row.due is None
    assert Instrument.objects.get(code="E-1").status == "stopped"


def test_whoever_measured_does_not_check(bench: Bench) -> None:
    job = received(bench)
    measured(bench, job)
    with pytest.raises(Fault, match="资格"):
        jobs.check(bench.verifier, job, on=today())
    for kind in ("metrologist 1",):
        row = Qualification(
            person=bench.verifier.person, kind=kind, number="Q-more", since=date(2025, 1, 1), field="电能"
        )
        people.keep(SYSTEM, row)
    with pytest.raises(Fault, match="两人"):
        jobs.check(bench.verifier, job, on=today())


def test_whoever_measured_does_not_sign(bench: Bench) -> None:
    job = checked(bench, "E-1")
    row = Qualification(
        person=bench.verifier.person, kind="signatory", number="Q-more", since=date(2025, 1, 1), field="电能"
    )
    people.keep(SYSTEM, row)
    with pytest.raises(Fault, match="检定与签发须由两人"):
        issue.ask_for(bench.verifier, job, on=today())
    job.refresh_from_db()
    assert job.state == JobState.CHECKED


def test_who_is_not_authorised_to_sign_does_not_issue(bench: Bench) -> None:
    job = checked(bench, "E-1")
    answer = signed_in(bench.checker).post(f"/jobs/{job.pk}/sign/")
    assert answer.status_code == 400
    assert "没有有效的资格（授权签字人之一）" in answer.content.decode()


def test_nor_does_he_issue_many_together(bench: Bench) -> None:
    job = checked(bench, "E-1")
    answer = signed_in(bench.verifier).post("/jobs/sign/", {"job": [f"{job.pk}:"]})
    assert answer.status_code == 400
    job.refresh_from_db()
    assert job.state == JobState.CHECKED


def test_of_many_those_are_left_that_the_signatory_measured_himself(bench: Bench) -> None:
    own, other = checked(bench, "E-1"), checked(bench, "E-2")
    own.measured_by = bench.signatory
    audit.save(SYSTEM, "certificates.measured", own)
    task = issue.ask_for_all(bench.signatory, {own.pk: "", other.pk: ""}, on=today())
    assert task and task.arguments["jobs"] == [other.pk]


def test_whose_qualification_has_ended_does_not_measure(bench: Bench) -> None:
    held = Qualification.objects.get(person=bench.verifier.person)
    held.until = today() - timedelta(days=1)
    people.keep(SYSTEM, held)
    with pytest.raises(Fault, match="没有有效的资格"):
        measured(bench, received(bench))


def test_people_of_another_institute_have_no_say(bench: Bench) -> None:
    job = received(bench)
    with pytest.raises(PermissionDenied):
        jobs.measure(bench.small.users["power"], job, [read("1")], on=today())


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"until": date(2025, 6, 1)}, "不在考核有效期内"),
        ({"active": False}, "不在考核有效期内"),
        ({"upper": 2.0}, "不及"),
        ({"item": "nothing"}, "没有登记的证书"),
    ],
)
def test_a_standard_that_does_not_fit_is_refused_with_the_reason(
    bench: Bench, facts: dict[str, Any], told: str
) -> None:
    for name, value in facts.items():
        setattr(bench.standard, name, value)
    instruments.keep(SYSTEM, bench.standard)
    with pytest.raises(Fault, match=told):
        received(bench)
    assert not Job.objects.exists()


def test_a_standard_whose_certificate_is_suspended_is_refused(bench: Bench) -> None:
    standing.change(bench.small.users["city"], [bench.certificate], "suspend", "待查", on=today())
    with pytest.raises(Fault, match="暂停使用"):
        received(bench)


def test_readings_are_never_changed_but_replaced_with_a_reason(bench: Bench) -> None:
    job = received(bench)
    measured(bench, job)
    with pytest.raises(Fault, match="须写原因"):
        jobs.measure(bench.verifier, job, [read("1", 0.002)], on=today())
    jobs.measure(bench.verifier, job, [read("1", 0.002)], on=today(), why="抄错")
    assert Entry.objects.filter(job=job).count() == 4
    assert [each.why for each in results.current(job)] == ["", "抄错", ""]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"nominal": "一"}, "不是数"),
        ({"references": ("1", "1")}, "应成对"),
        ({"references": ("0", "0", "0")}, "没有相对误差"),
        ({"indications": ("1", "x", "1")}, "不是数"),
        ({"indications": ("1", "nan", "1")}, "不是有限的数"),
        ({"nominal": "50"}, "不及"),
        ({"temperature": "暖"}, "不是数"),
        ({"humidity": ""}, "不是数"),
        ({"temperature": "23 24"}, "每次读数一个"),
    ],
)
def test_readings_without_sense_are_refused_by_point(
    bench: Bench, changes: dict[str, Any], told: str
) -> None:
    import dataclasses

    job = received(bench)
    with pytest.raises(Fault, match=told):
        jobs.measure(bench.verifier, job, [dataclasses.replace(read("1"), **changes)], on=today())
    assert not Entry.objects.exists()


def test_conditions_that_changed_between_readings_are_certified_from_least_to_greatest(bench: Bench) -> None:
    import dataclasses

    job = received(bench)
    listed = [dataclasses.replace(read(each), temperature="22.5 23 24.5") for each in ("0.1", "1")]
    jobs.measure(bench.verifier, job, [*listed, read("5")], on=today())
    jobs.check(bench.checker, job, on=today())
    job.refresh_from_db()
    job.signed = today()
    found = {each.quantity: (each.lower, each.upper) for each in issue.content_of(job).conditions}
    assert found["temperature"] == (22.5, 24.5)


def test_the_budget_of_a_point_can_be_computed_again_from_its_file(bench: Bench, tmp_path: Path) -> None:
    job = received(bench)
    measured(bench, job)
    browser = signed_in(bench.verifier)
    entry = results.current(job)[1]
    text = browser.get(f"/jobs/{job.pk}/budget/{entry.pk}/?file").content
    (tmp_path / "point.toml").write_bytes(text)
    assert main.main(["uncertainty", str(tmp_path / "point.toml"), "--json"]) == 0
    assert "预算" in browser.get(f"/jobs/{job.pk}/budget/{entry.pk}/").content.decode()


def test_without_a_passphrase_nothing_is_signed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    job = received(bench)
    measured(bench, job)
    jobs.check(bench.checker, job, on=today())
    monkeypatch.delenv("QUANHENG_KEY_PASSPHRASE")
    with pytest.raises(NotShown, match="不能签名"):
        issue.ask_for(bench.signatory, job, on=today())
    job.refresh_from_db()
    assert job.state == JobState.CHECKED


def test_issuing_twice_gives_one_certificate_and_one_entry(bench: Bench) -> None:
    row = issued(bench)
    with Log.open(site.HOME / "log") as log:
        size = log.size
    job = Job.objects.get(certificate=row)
    assert issue.issue(SYSTEM, job.pk) == row.number
    with Log.open(site.HOME / "log") as log:
        assert log.size == size
    assert Certificate.objects.filter(number=row.number).count() == 1


@pytest.mark.parametrize("step", ["put", "enter", "register"])
def test_an_interrupted_issue_is_completed_by_the_next(
    bench: Bench, step: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from quanheng.city.certificates.actions import filing

    class Killed(BaseException):
        """What no code catches."""

    job = received(bench)
    measured(bench, job)
    jobs.check(bench.checker, job, on=today())
    issue.ask_for(bench.signatory, job, on=today())
    module, name = {"put": (store, "put"), "enter": (house, "enter"), "register": (filing, "register")}[step]
    real = getattr(module, name)

    def killed_after(*args: Any) -> Any:
        real(*args)
        raise Killed

    monkeypatch.setattr(module, name, killed_after)
    with pytest.raises(Killed):
        issue.issue(SYSTEM, job.pk)
    monkeypatch.setattr(module, name, real)
    assert not Certificate.objects.filter(item="E-1").exists()
    assert issue.issue(SYSTEM, job.pk)
    row = Certificate.objects.get(item="E-1")
    assert verify(row.digest, tmp_path) == 0
    with Log.open(site.HOME / "log") as log:
        said = [entry for entry in log.entries() if row.digest.encode() in entry]
    assert len(said) == 1


def test_a_correction_stands_in_the_place_of_the_old_in_the_open(bench: Bench, tmp_path: Path) -> None:
    old = issued(bench)
    browser = signed_in(bench.verifier)
    answer = browser.post(f"/certificates/{old.pk}/act/", {"how": "correct", "why": "漏写一位"})
    job = Job.objects.get(corrects=old)
    assert answer["Location"] == f"/jobs/{job.pk}/"
    measured(bench, job)
    jobs.check(bench.checker, job, on=today())
    issue.ask_for(bench.signatory, job, on=today())
    worker.work(threading.Event(), once=True)
    job.refresh_from_db()
    assert job.certificate is not None, job.refusal
    assert job.certificate.number == f"{old.number}-R1"
    old.refresh_from_db()
    assert old.standing == Standing.SUPERSEDED
    page = Client().get(f"/certificates/of/{old.number}/").content.decode()
    assert job.certificate.number in page
    assert verify(job.certificate.digest, tmp_path) == 0
    assert verify(old.digest, tmp_path) == 1


def test_a_correction_interrupted_before_the_old_one_is_replaced_is_completed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = issued(bench)
    browser = signed_in(bench.verifier)
    browser.post(f"/certificates/{old.pk}/act/", {"how": "correct", "why": "漏写一位"})
    job = Job.objects.get(corrects=old)
    measured(bench, job)
    jobs.check(bench.checker, job, on=today())
    issue.ask_for(bench.signatory, job, on=today())

    def stop(*_: object, **_more: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as killed:
        killed.setattr(standing, "supersede", stop)
        with pytest.raises(RuntimeError):
            issue.issue(SYSTEM, job.pk)
    old.refresh_from_db()
    assert old.standing == Standing.IN_FORCE
    assert issue.issue(SYSTEM, job.pk)
    old.refresh_from_db()
    assert old.standing == Standing.SUPERSEDED


def test_a_revocation_is_seen_by_whoever_verifies(bench: Bench, tmp_path: Path) -> None:
    row = issued(bench)
    standing.revoke(bench.small.users["city"], row, "读数伪造", on=today())
    assert verify(row.digest, tmp_path) == 1
    page = Client().get(f"/certificates/of/{row.number}/").content.decode()
    assert "已撤销" in page
    assert "读数伪造" in page
    due = Instrument.objects.get(code="E-1").due
    assert due is None or due < today()


def test_what_was_suspended_holds_again_when_the_city_says_so(bench: Bench, tmp_path: Path) -> None:
    row, city = issued(bench), signed_in(bench.small.users["city"])
    place = f"/certificates/{row.pk}/act/"
    assert city.post(place, {"how": "suspend", "why": "读数待查"}).status_code == 302
    assert verify(row.digest, tmp_path) == 1
    due = Instrument.objects.get(code="E-1").due
    assert due is None or due < today()
    assert city.post(place, {"how": "resume", "why": "查无错误"}).status_code == 302
    assert verify(row.digest, tmp_path) == 0
    assert Instrument.objects.get(code="E-1").due == row.due


def test_an_institute_suspends_and_does_not_resume(bench: Bench) -> None:
    row, verifier = issued(bench), signed_in(bench.verifier)
    place = f"/certificates/{row.pk}/act/"
    assert verifier.post(place, {"how": "suspend", "why": "读数待查"}).status_code == 302
    assert 'value="resume"' not in verifier.get(place).content.decode()
    assert verifier.post(place, {"how": "resume", "why": "x"}).status_code == 403
    row.refresh_from_db()
    assert row.standing == Standing.SUSPENDED


def test_what_is_in_force_cannot_be_resumed(bench: Bench) -> None:
    row, city = issued(bench), signed_in(bench.small.users["city"])
    answer = city.post(f"/certificates/{row.pk}/act/", {"how": "resume", "why": "x"})
    assert answer.status_code == 422


def test_only_issuer_and_city_revoke(bench: Bench) -> None:
    row = issued(bench)
    for name in ("power", "auditor"):
        answer = signed_in(bench.small.users[name]).post(
            f"/certificates/{row.pk}/act/", {"how": "revoke", "why": "x"}
        )
        assert answer.status_code == 403


def test_a_recall_opens_again_what_rests_on_the_standard(bench: Bench, tmp_path: Path) -> None:
    rows = [issued(bench, code) for code in ("E-1", "E-2")]
    city = signed_in(bench.small.users["city"])
    answer = city.post(
        f"/certificates/{bench.certificate.pk}/act/",
        {"how": "recall", "since": "2025-01-01", "why": "标准器失准"},
    )
    page = city.get(answer["Location"]).content.decode()
    assert all(row.number in page for row in rows)
    done = city.post(
        answer["Location"],
        {"how": "confirm", "assignee": bench.small.institute.pk, "deadline": today() + timedelta(days=30)},
    )
    assert done.status_code == 302
    worker.work(threading.Event(), once=True)
    for row in rows:
        row.refresh_from_db()
        assert row.standing == Standing.SUSPENDED
        assert verify(row.digest, tmp_path) == 1
    orders = Reverification.objects.all()
    assert {each.instrument.code for each in orders} >= {"E-1", "E-2"}
    assert bench.certificate.number in orders[0].path
    found = recall.Recall.objects.get()
    assert (found.state, found.certificates) == ("done", 3)
    recall.carry_out(SYSTEM, found.pk)
    assert Reverification.objects.count() == len(orders)


def recalled(bench: Bench) -> recall.Recall:
    """The standard of the bench recalled, and confirmed by the city; not carried out yet."""
    city = bench.small.users["city"]
    found = recall.report(city, bench.certificate, date(2025, 1, 1), "标准器失准", on=today())
    recall.confirm(city, found, bench.small.institute, today() + timedelta(days=30), on=today())
    return found


def test_the_page_of_a_recall_tells_by_itself_when_it_is_carried_out(bench: Bench) -> None:
    issued(bench)
    found, city = recalled(bench), signed_in(bench.small.users["city"])
    address, asking = f"/recalls/{found.pk}/", {"HX-Request": "true"}
    assert "every 4s" in city.get(address).content.decode()
    assert city.get(address, headers=asking).status_code == 204
    worker.work(threading.Event(), once=True)
    page = city.get(address, headers=asking).content.decode()
    assert "every 4s" not in page
    assert "已处理" in page


def test_whatever_a_suspension_brought_about_is_lifted_where_it_is_resumed(
    bench: Bench, tmp_path: Path
) -> None:
    row, left = issued(bench, "E-1"), issued(bench, "E-2")
    recalled(bench)
    worker.work(threading.Event(), once=True)
    for each in (bench.certificate, row):
        each.refresh_from_db()
        standing.decide(bench.small.users["city"], each, "resume", "影响可略", on=today())
    assert verify(row.digest, tmp_path) == 0
    assert Instrument.objects.get(code="E-1").due == row.due
    assert verify(left.digest, tmp_path) == 1
    orders = {
        each.instrument.code: each.state for each in Reverification.objects.select_related("instrument")
    }
    assert (orders["E-1"], orders["E-2"]) == ("lifted", "open")


def test_what_rests_on_a_suspended_standard_is_not_resumed_before_it(bench: Bench) -> None:
    row = issued(bench)
    recalled(bench)
    worker.work(threading.Event(), once=True)
    row.refresh_from_db()
    with pytest.raises(Fault, match=bench.certificate.number):
        standing.decide(bench.small.users["city"], row, "resume", "影响可略", on=today())


def test_nothing_is_resumed_while_a_recall_is_carried_out(bench: Bench) -> None:
    row, city = issued(bench), signed_in(bench.small.users["city"])
    standing.decide(bench.small.users["city"], row, "suspend", "待查", on=today())
    found = recalled(bench)
    answer = city.post(f"/certificates/{row.pk}/act/", {"how": "resume", "why": "x"})
    assert answer.status_code == 422
    assert found.number in answer.content.decode()


def test_an_instrument_that_was_scrapped_meanwhile_stays_scrapped(bench: Bench) -> None:
    row, city = issued(bench), bench.small.users["city"]
    standing.decide(city, row, "suspend", "待查", on=today())
    instrument = Instrument.objects.get(code="E-1")
    instrument.status = "scrapped"
    instruments.keep(SYSTEM, instrument)
    row.refresh_from_db()
    standing.decide(city, row, "resume", "查无错误", on=today())
    assert Instrument.objects.get(code="E-1").status == "scrapped"


def test_a_suspension_takes_only_the_date_of_the_instrument_as_it_is_now(bench: Bench) -> None:
    issued(bench)
    stale, changed = (Instrument.objects.get(code="E-1") for _ in range(2))
    changed.model = "另一型"
    instruments.keep(SYSTEM, changed)
    with transaction.atomic():
        instruments.reopened(SYSTEM, [stale], today() - timedelta(days=1), {})
    found = Instrument.objects.get(code="E-1")
    assert (found.model, found.due) == ("另一型", None)


def test_an_older_certificate_does_not_take_the_date_of_a_later_verification(bench: Bench) -> None:
    row, instrument = issued(bench), Instrument.objects.get(code="E-1")
    later = today() + timedelta(days=400)
    instruments.verified(SYSTEM, instrument, today() + timedelta(days=1), later)
    for how in ("suspend", "resume", "revoke"):
        standing.decide(bench.small.users["city"], row, how, "待查", on=today())
        row.refresh_from_db()
        assert Instrument.objects.get(code="E-1").due == later


def test_an_older_certificate_is_not_recalled(bench: Bench) -> None:
    row = issued(bench)
    assert [each.digest for each in recall.hits(bench.certificate.digest, today())] == [row.digest]
    assert recall.hits(bench.certificate.digest, today() + timedelta(days=1)) == []


def test_only_the_city_confirms_a_recall(bench: Bench) -> None:
    found = recall.report(bench.verifier, bench.certificate, date(2025, 1, 1), "疑似失准", on=today())
    answer = signed_in(bench.verifier).post(
        f"/recalls/{found.pk}/", {"how": "confirm", "assignee": bench.small.institute.pk, "deadline": today()}
    )
    assert answer.status_code == 403
    assert signed_in(bench.small.users["power"]).get(f"/recalls/{found.pk}/").status_code == 403


def test_the_day_of_the_institute_in_its_pages(bench: Bench) -> None:
    bench.small.instrument(
        "E-1", bench.small.power, bench.small.north, maker="[样例] 仪表厂", model="M-energy",
        type_approval="PA-energy",
    )  # fmt: skip
    verifier, checker = signed_in(bench.verifier), signed_in(bench.checker)
    given = {
        "instrument": "E-1", "procedure": "JJG 596-2012", "accuracy": "1 级", "standards": [bench.standard.pk],
        "promised": today() + timedelta(days=5),
    }  # fmt: skip
    assert verifier.post("/jobs/receive/", {**given, "accuracy": "9 级"}).status_code == 422
    answer = verifier.post("/jobs/receive/", given)
    place = answer["Location"]
    sheet = "nominal,indication,reference,temperature,humidity\n" + "".join(
        f"{at},{at * 1.001 + n * 1e-5},{at},23,45\n" for at in (0.1, 1, 5) for n in range(3)
    )
    looked = verifier.post(f"{place}readings/", {"sheet": SimpleUploadedFile("r.csv", sheet.encode())})
    assert "还没有保存" in looked.content.decode()
    assert not Entry.objects.exists()
    points = {
        "form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 0, "form-0-nominal": "1", "form-0-indications": "1.001 1.0012",
        "form-0-references": "1 1", "form-0-temperature": "23", "form-0-humidity": "45", "source": "",
    }  # fmt: skip
    wrong = verifier.post(f"{place}readings/", {**points, "form-0-references": "1"})
    assert wrong.status_code == 422
    assert "应成对" in wrong.content.decode()
    assert verifier.post(f"{place}readings/", points).status_code == 302
    assert "缺少测量点 0.1" in checker.post(f"{place}check/").content.decode()
    row = Job.objects.get()
    jobs.measure(bench.verifier, row, [read(each) for each in ("0.1", "1", "5")], on=today(), why="补测")
    assert verifier.post(f"{place}check/").status_code == 400
    assert checker.post(f"{place}check/").status_code == 302
    assert signed_in(bench.signatory).post(f"{place}sign/").status_code == 302
    worker.work(threading.Event(), once=True)
    page = verifier.get(place).content.decode()
    row = Certificate.objects.get(item="E-1")
    assert row.number in page
    record = verifier.get(f"/certificates/{row.pk}/").content.decode()
    assert "证明文件" in record
    assert b"<dcc:" in verifier.get(f"/certificates/{row.pk}/file/xml").content
    assert verifier.get(f"/certificates/{row.pk}/file/proof").content[:2] == b"PK"
    assert b"<svg" in verifier.get(f"/certificates/{row.pk}/file/qr.svg").content
    assert b"<svg" in verifier.get(f"/certificates/{row.pk}/chain.svg").content
    assert "SI" in verifier.get(f"/certificates/{row.pk}/chain/").content.decode()
    assert Client().get(f"/certificates/of/{row.number}/qr.txt").status_code == 200


def test_the_paper_copy_is_made_when_it_is_asked_for(bench: Bench) -> None:
    row = issued(bench)
    answer = signed_in(bench.verifier).get(f"/certificates/{row.pk}/file/pdf")
    assert answer.content[:5] == b"%PDF-"
    assert store.path_of(row.digest).with_suffix(".pdf").exists()


def test_many_are_issued_together_and_each_proves_itself(bench: Bench, tmp_path: Path) -> None:
    listed = [checked(bench, f"E-{n}") for n in range(3)]
    before = house.entries()
    signatory = signed_in(bench.signatory)
    page = signatory.get("/jobs/?state=checked").content.decode()
    ticked = re.findall(r'name="job" value="(\d+:\d+)"', page)
    assert [int(each.split(":")[0]) for each in ticked] == [each.pk for each in listed]
    answer = signatory.post("/jobs/sign/", {"job": ticked})
    assert "every 2s" in signatory.get(answer.url).content.decode()
    worker.work(threading.Event(), once=True)
    assert house.entries() == before + 3
    page = signatory.get(answer.url).content.decode()
    assert "已签发 3，不予签发 0" in page
    assert "every 2s" not in page
    for job in listed:
        job.refresh_from_db()
        assert job.state == JobState.ISSUED, job.refusal
        assert verify(job.certificate.digest, tmp_path) == 0


def test_one_that_is_refused_keeps_back_no_other(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    good, bad = checked(bench, "E-1"), checked(bench, "E-2")
    task = issue.ask_for_all(bench.signatory, {good.pk: "", bad.pk: ""}, on=today())
    real = issue.content_of

    def content_of(job: Job) -> Any:
        if job.pk == bad.pk:
            raise Fault("没有读数 / there are no readings")
        return real(job)

    monkeypatch.setattr(issue, "content_of", content_of)
    numbers = issue.issue_all(SYSTEM, [bad.pk, good.pk])
    bad.refresh_from_db()
    good.refresh_from_db()
    assert task and task.arguments["jobs"] == [good.pk, bad.pk]
    assert numbers == ["", good.certificate_number]
    assert (bad.state, bad.refusal) == (JobState.CHECKED, "没有读数 / there are no readings")
    assert good.state == JobState.ISSUED
    page = signed_in(bench.verifier).get(f"/jobs/together/{task.pk}/").content.decode()
    assert "已签发 1，不予签发 1" in page
    assert "没有读数" in page


def test_what_was_issued_together_is_seen_by_those_who_see_the_jobs(bench: Bench) -> None:
    task = issue.ask_for_all(bench.signatory, {checked(bench, "E-1").pk: ""}, on=today())
    assert task
    users = bench.small.users
    address = f"/jobs/together/{task.pk}/"
    seen = {
        name: signed_in(users[name]).get(address).status_code for name in ("city", "power", "water", "north")
    }
    assert seen == {"city": 200, "power": 200, "water": 404, "north": 403}
    assert signed_in(users["city"]).get("/jobs/together/999999/").status_code == 404


def test_the_page_of_a_job_tells_by_itself_when_it_is_issued(bench: Bench) -> None:
    job, signatory = checked(bench, "E-1"), signed_in(bench.signatory)
    signatory.post(f"/jobs/{job.pk}/sign/", {"seen": job.event_id})
    address, asking = f"/jobs/{job.pk}/", {"HX-Request": "true"}
    assert "every 2s" in signatory.get(address).content.decode()
    assert signatory.get(address, headers=asking).status_code == 204
    worker.work(threading.Event(), once=True)
    page = signatory.get(address, headers=asking).content.decode()
    assert "every 2s" not in page
    assert "已签发" in page


@pytest.mark.parametrize("step", ["content_of", "_register"])
def test_what_nobody_foresaw_in_one_keeps_back_no_other(
    bench: Bench, step: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    good, bad = checked(bench, "E-1"), checked(bench, "E-2")
    issue.ask_for_all(bench.signatory, {good.pk: "", bad.pk: ""}, on=today())
    real = getattr(issue, step)

    def fails(*args: Any) -> Any:
        if any(getattr(each, "job", each) == bad for each in args):
            raise ZeroDivisionError
        return real(*args)

    with monkeypatch.context() as patched:
        patched.setattr(issue, step, fails)
        patched.setattr(issue, "TOGETHER", 1)
        with pytest.raises(ZeroDivisionError):
            issue.issue_all(SYSTEM, [bad.pk, good.pk])
    good.refresh_from_db()
    bad.refresh_from_db()
    assert (good.state, bad.state) == (JobState.ISSUED, JobState.ISSUING)
    before = house.entries()
    assert issue.issue_all(SYSTEM, [bad.pk, good.pk]) == [bad.certificate_number, good.certificate_number]
    assert house.entries() == before + (step == "content_of")
    assert verify(Certificate.objects.get(item="E-2").digest, tmp_path) == 0


def test_what_somebody_has_just_changed_is_not_issued_with_the_others(bench: Bench) -> None:
    job = checked(bench, "E-1")
    verifier = signed_in(bench.verifier)
    answer = verifier.post(
        "/jobs/sign/", {"job": [f"{job.pk}:{job.event_id - 1}", "x", "9" * 30]}, follow=True
    )
    job.refresh_from_db()
    assert job.state == JobState.CHECKED
    assert "刚刚有人改过" in answer.content.decode()


def test_who_ticked_nothing_is_told(bench: Bench) -> None:
    answer = signed_in(bench.verifier).post("/jobs/sign/", follow=True)
    assert "没有选中受理单" in answer.content.decode()


def test_nobody_but_an_institute_issues_and_only_its_own(bench: Bench) -> None:
    job = checked(bench, "E-1")
    for name in ("city", "power", "auditor"):
        answer = signed_in(bench.small.users[name]).post("/jobs/sign/", {"job": [f"{job.pk}:"]})
        assert answer.status_code == 403
    other = User.objects.create_user("elsewhere", None, "institute", party=bench.small.factory)
    assert issue.ask_for_all(other, {job.pk: ""}, on=today()) is None


def test_everybody_sees_the_certificates_that_are_his(bench: Bench) -> None:
    row = issued(bench)
    users = bench.small.users
    seen = {
        name: signed_in(users[name]).get(f"/certificates/{row.pk}/").status_code
        for name in ("city", "auditor", "north", "south", "power", "water", "factory")
    }
    assert seen == {
        "city": 200, "auditor": 200, "north": 200, "south": 404, "power": 200, "water": 404, "factory": 404
    }  # fmt: skip
    assert Client().get(f"/certificates/{row.pk}/").status_code == 403


def test_the_public_page_tells_no_owner_and_no_value(bench: Bench) -> None:
    row = issued(bench)
    page = Client().get(f"/certificates/of/{row.number}/").content.decode()
    assert row.number in page
    assert "供电公司" not in page
    assert "0.1" not in page.split("<main")[1]
    unknown = Client().get("/certificates/of/C1999-1/")
    assert unknown.status_code == 404
    assert "伪造" in unknown.content.decode()
    said = Client().get(f"/api/certificates/of/{row.number}").json()
    assert set(said) & {"owner", "district", "digest"} == set()


def test_a_bench_hands_in_its_readings_by_the_api(bench: Bench) -> None:
    job = received(bench)
    token = people.make_token(bench.verifier, "bench", 1)
    client = Client(headers={"Authorization": f"Bearer {token}"})
    point = {
        "nominal": "1", "indications": ["1.001", "1.0012"], "references": ["1", "1"], "temperature": "23",
        "humidity": "45",
    }  # fmt: skip
    address = f"/api/certificates/jobs/{job.number}/readings"
    answer = client.post(address, {"points": [point]}, "application/json")
    assert answer.status_code == 200, answer.content
    assert answer.json()["results"][0]["outcome"] == "pass"
    assert client.post(address, {"points": [point]}, "application/json").status_code == 422  # no reason
    other = people.make_token(bench.small.users["water"], "other", 1)
    stranger = Client(headers={"Authorization": f"Bearer {other}"})
    assert stranger.post(address, {"points": [point]}, "application/json").status_code == 404


def test_a_qualification_for_another_field_is_none(bench: Bench) -> None:
    job = received(bench)
    measured(bench, job)
    row = Qualification.objects.get(person=bench.checker.person)
    row.field = "长度"
    people.keep(SYSTEM, row)
    with pytest.raises(Fault, match="资格不含 电能"):
        jobs.check(bench.checker, job, on=today())


def test_an_instrument_is_in_one_job_at_a_time(bench: Bench) -> None:
    received(bench)
    with pytest.raises(Fault, match="已在受理单"):
        received(bench)


def test_what_the_law_asks_of_the_instrument_is_asked_before_it_is_signed(bench: Bench) -> None:
    bench.small.instrument(
        "E-9", bench.small.power, bench.small.north, maker="[样例] 仪表厂", model="M-energy", serial="9",
        type_approval="PA-unknown",
    )  # fmt: skip
    job = received(bench, "E-9")
    measured(bench, job)
    jobs.check(bench.checker, job, on=today())
    issue.ask_for(bench.signatory, job, on=today())
    assert issue.issue(bench.verifier, job.pk) == ""
    job.refresh_from_db()
    assert "type_not_approved" in job.refusal


def test_few_and_scattered_readings_are_stated_with_their_t_distribution(
    bench: Bench, tmp_path: Path
) -> None:
    job = received(bench)
    for at in ("0.1", "1", "5"):
        shown = tuple(f"{float(at) * (1 + each):.6f}" for each in (0.0005, 0.0011, 0.0019))
        jobs.measure(bench.verifier, job, [results.Read(at, shown, (at,) * 3, "23", "45")], on=today())
    jobs.check(bench.checker, job, on=today())
    issue.ask_for(bench.signatory, job, on=today())
    issue.issue(bench.verifier, job.pk)
    job.refresh_from_db()
    assert job.certificate is not None, job.refusal
    document = store.get(job.certificate.digest)
    assert document is not None
    (point, *_) = store.content_of(document).points
    assert (point.distribution, point.coverage_factor > 2.05) == ("t", True)
    assert verify(job.certificate.digest, tmp_path) == 0


def test_what_cannot_be_decided_is_not_checked(bench: Bench) -> None:
    job = received(bench)
    for at in ("0.1", "1", "5"):
        shown = tuple(f"{float(at) * (1 + each):.6f}" for each in (0.004, 0.0085, 0.013))
        jobs.measure(bench.verifier, job, [results.Read(at, shown, (at,) * 3, "23", "45")], on=today())
    with pytest.raises(Fault, match="不能判定"):
        jobs.check(bench.checker, job, on=today())


def test_an_act_on_an_older_page_is_refused(bench: Bench) -> None:
    job = received(bench)
    measured(bench, job)
    browser = signed_in(bench.checker)
    assert browser.post(f"/jobs/{job.pk}/check/", {"seen": "1"}).status_code == 400
    job.refresh_from_db()
    assert job.state == JobState.MEASURED
    assert browser.post(f"/jobs/{job.pk}/check/", {"seen": job.event_id}).status_code == 302


def test_the_indicator_counts_instruments_whose_certificate_is_logged(bench: Bench) -> None:
    entry = CatalogueEntry(
        code="x/1", version="x", category="电能表", name="电能表", regime="V", mode="periodic",
        since=date(2020, 1, 1), source="样例",
    )  # fmt: skip
    instruments.keep(SYSTEM, entry)
    row = issued(bench)
    for code, due in (("E-1", row.due), ("E-2", today())):
        found = Instrument.objects.filter(code=code).first()
        found = found or bench.small.instrument(code, bench.small.power, bench.small.north)
        found.entry, found.due = entry, due
        instruments.keep(SYSTEM, found)
    counted = census(indicators()["certified-in-log"], 1, today(), last_event())
    assert (counted.count, counted.of) == (1, 2)


def test_the_page_of_an_instrument_shows_its_certificates_to_whoever_may_see_them(bench: Bench) -> None:
    row = issued(bench)
    place = f"/instruments/{row.instrument.pk}/"
    for name in ("power", "city", "institute"):
        assert row.number in signed_in(bench.small.users[name]).get(place).content.decode()
    assert row.number not in signed_in(bench.small.users["water"]).get(place).content.decode()
