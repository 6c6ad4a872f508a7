"""Whether a document is what it claims: its issuer's, signed by a key of that day, in the log, in time, not withdrawn.

    1 content and statement  2 signature  3 in the log, seen by witnesses  4 the key was the issuer's on that day
    5 logged in time         6 not withdrawn
    `look` makes the steps that need no knowledge of keys (1, 3, 5), `judge` the others.
A certificate may have two signatures, one beside it and one inside: then both are to hold.

These are rules 8 and 9 of a chain (reasons.py numbers them). The other rules are about what certificates say and how
they hang together; `work/trace` judges them on what `check_proof` returns.
"""

from __future__ import annotations

import base64
import dataclasses
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone

from quanheng.evidence import keys, records, signature, statement
from quanheng.evidence.answer import VALID, Answer, Reason, because, together
from quanheng.evidence.certificate import Certificate
from quanheng.evidence.document import BUNDLE, CERTIFICATE, ORDER, Document
from quanheng.evidence.errors import BadDocument, BadKey, BadNote
from quanheng.evidence.formats.xmldsig.anchors import trusted
from quanheng.evidence.formats.xmldsig.verify import Embedded
from quanheng.evidence.keys import PublicKey
from quanheng.evidence.log import proof as proofs
from quanheng.evidence.log.merkle import leaf_hash
from quanheng.evidence.log.policy import Policy
from quanheng.evidence.log.proof import LogProof
from quanheng.evidence.order import order_number
from quanheng.evidence.records import KeyBinding, Record, Status
from quanheng.evidence.signature import Signature
from quanheng.evidence.statement import NO_SALTS, Statement
from quanheng.evidence.trust import Trust
from quanheng.ground.digest import canonical_line, sha256_bytes
from quanheng.ground.errors import NotShown

Reader = Callable[[bytes], tuple[Certificate | None, Answer, Embedded | None]]
"""Reads a certificate of some format, its form and the signature inside it, e.g. `formats/dcc/sealed.read`."""

ROLES = {CERTIFICATE: "certificates", BUNDLE: "bundles"}  # any other kind: "authority"
CHINA = timezone(timedelta(hours=8))
LAST_TIME = 253_370_764_800  # 9999-01-01: days are written with four digits


def day_of(time: int) -> date:
    """The day of a POSIX time as it is written on documents, in China's standard time."""
    return datetime.fromtimestamp(time, UTC).astimezone(CHINA).date()


@dataclass(frozen=True)
class Authority:
    """What valid records of the authority say of keys and of what is withdrawn."""

    bindings: Mapping[str, tuple[KeyBinding, ...]] = field(default_factory=dict)  # by key id
    statuses: Mapping[str, tuple[Status, ...]] = field(default_factory=dict)  # by target, in order of `since`

    @staticmethod
    def of(found: Iterable[Record]) -> Authority:
        """What some records say. Statuses of one day count in the order in which they are given: that of the log."""
        bindings: dict[str, list[KeyBinding]] = defaultdict(list)
        statuses: dict[str, list[Status]] = defaultdict(list)
        for each in found:
            if isinstance(each, KeyBinding):
                bindings[each.key].append(each)
            elif isinstance(each, Status):
                statuses[each.target].append(each)
        return Authority(
            {key: tuple(each) for key, each in bindings.items()},
            {
                target: tuple(sorted(each, key=lambda status: status.since))
                for target, each in statuses.items()
            },
        )


@dataclass(frozen=True)
class Checked:
    """What was found of a document."""

    document: Document
    answer: Answer
    content: Certificate | Record | None = None  # None: a bundle, or unreadable
    statement: Statement | None = None
    logged: int | None = None  # POSIX seconds: by then the witnesses had seen its entry; None: not shown
    signed: Signature | None = None  # what its signature file says; None: unsigned, or malformed
    embedded: Embedded | None = None  # the signature inside it; None: there is none
    index: int | None = None  # of its entry in the log; None: not shown


def in_log_order(found: Iterable[Checked]) -> list[Checked]:
    """Documents as they came into the log; what is not shown to be there yet comes after it, as it stands."""
    return sorted(found, key=lambda each: math.inf if each.index is None else each.index)


@dataclass(frozen=True)
class Rules:
    """What a check asks for besides trust."""

    read: Reader
    grace: int  # days from a document's date of issue within which it is to be logged
    assumed: int | None = None  # POSIX seconds at which a document without proof is to be logged (admission)


# ---- one document ----------------------------------------------------------------------------------------------


def check_document(
    document: Document, trust: Trust, authority: Authority, rules: Rules, *, on: date
) -> Checked:
    """Steps 1 to 6 of one document. authority: what is known of keys; on: the day on which it is to hold."""
    return judge(look(document, trust.policy, rules), trust, authority, on=on)


def look(document: Document, policy: Policy, rules: Rules) -> Checked:
    """Steps 1, 3 and 5 of one document: all that can be seen without knowing whose the keys are."""
    content, form, embedded = content_of(document, rules.read)
    reasons = list(form.reasons)
    signed = _signature(document, reasons)
    said = _statement(document, content, signed, reasons)
    logged, index = _logged(document, said, policy, reasons)
    if logged is None and not document.proof:
        logged = rules.assumed
    issued = _issued(content, said)
    if issued is not None and logged is not None and (reason := in_time(issued, logged, rules.grace)):
        reasons.append(reason)
    return with_reasons(Checked(document, VALID, content, said, logged, signed, embedded, index), reasons)


def judge(seen: Checked, trust: Trust, authority: Authority, *, on: date) -> Checked:
    """Steps 2, 4 and 6 of a document that was looked at."""
    reasons: list[Reason] = []
    if seen.embedded is not None:
        _embedded(seen, seen.embedded, trust, authority, on, reasons)
    if not seen.document.signature and not _signed_inside(seen):
        reasons.append(Reason("unsigned"))
    if seen.signed is not None:
        key = _key(seen, seen.signed, trust, authority, reasons)
        _signed(seen.document.data, seen.signed, key, reasons)
    _withdrawn(seen.document, authority, on, reasons)
    return with_reasons(seen, reasons)


def _issuer(content: Certificate | Record | None, said: Statement | None) -> str | None:
    if isinstance(content, Certificate):
        return content.issuer.identifier
    return said.issuer if said else None


def _issued(content: Certificate | Record | None, said: Statement | None) -> date | None:
    if isinstance(content, Certificate):
        return content.issued
    return said.issued if said else None


def with_reasons(checked: Checked, reasons: Iterable[Reason]) -> Checked:
    """With further reasons, which are said to be of this document."""
    where = name_of(checked.document, checked.content)
    placed = tuple(dataclasses.replace(each, where=f"{where}, {each.where}".rstrip(", ")) for each in reasons)
    return dataclasses.replace(checked, answer=together([checked.answer, Answer(placed)]))


def name_of(document: Document, content: Certificate | Record | None) -> str:
    """How a document is called in a reason: by its number where it has one, else by kind and digest."""
    number = content.number if isinstance(content, Certificate) else ""
    if document.kind == ORDER:
        number = order_number(document.data)
    return f"{document.kind} {number or document.digest[:16]}"


def content_of(
    document: Document, read: Reader
) -> tuple[Certificate | Record | None, Answer, Embedded | None]:
    """Step 1: what the bytes say, whether their form is right; and a signature inside."""
    if document.kind == CERTIFICATE:
        return read(document.data)
    if document.kind == BUNDLE:
        return None, VALID, None
    try:
        record = records.read(document.data)
        if record.kind != document.kind:
            raise BadDocument(f"应为 {document.kind} / should be a {document.kind}, is a {record.kind}")
        if isinstance(record, KeyBinding):
            public_key(record)
    except BadDocument as error:
        return None, because("record_malformed", detail=str(error)), None
    return record, VALID, None


def public_key(binding: KeyBinding) -> PublicKey:
    """The public key that a binding binds. Raises BadDocument where it is not the one that its id names."""
    try:
        key = keys.read_public(base64.b64decode(binding.public, validate=True))
    except (ValueError, BadKey) as error:
        raise BadDocument(f"公钥不可读：{error} / the public key cannot be read: {error}") from error
    if (key.identifier, key.algorithm) != (binding.key, binding.algorithm):
        raise BadDocument("公钥与其标识不符 / the public key is not the one that its id names")
    return key


def _signed_inside(seen: Checked) -> bool:
    """Whether a signature inside is the one that is due: logged under another key, a document had one beside it."""
    if seen.embedded is None:
        return False
    signer, said = seen.embedded.signer, seen.statement
    return signer is None or said is None or said.key == signer.key


def _embedded(
    seen: Checked, embedded: Embedded, trust: Trust, authority: Authority, on: date, reasons: list[Reason]
) -> None:
    """Steps 2 and 4 of a signature inside, as of the time that the log proves, else of the day asked for."""
    logged = seen.logged
    at = datetime.combine(on, time.max, CHINA) if logged is None else datetime.fromtimestamp(logged, UTC)
    issuer = _issuer(seen.content, seen.statement)
    if issuer and not seen.document.signature:  # no key that is bound to this code has signed beside it
        embedded = dataclasses.replace(embedded, claimed=(*embedded.claimed, issuer))
    reasons += trusted(embedded, trust.x509, at=at, proven=logged is not None).reasons
    if embedded.signer is not None and logged is not None:
        revoked = key_revoked(authority.statuses.get(embedded.signer.key, ()), day_of(logged))
        reasons += [revoked] if revoked else []


def _signature(document: Document, reasons: list[Reason]) -> Signature | None:
    if not document.signature:
        return None
    try:
        return signature.read(document.signature)
    except BadDocument as error:
        reasons.append(Reason("signature_malformed", detail=str(error)))
        return None


def _statement(
    document: Document,
    content: Certificate | Record | None,
    signed: Signature | None,
    reasons: list[Reason],
) -> Statement | None:
    """Step 1, second half: the statement is just the one that would be made of this document."""
    if not document.statement:
        return None
    try:
        said = statement.read(document.statement)
        salts = statement.read_salts(document.salts) if document.salts else NO_SALTS
    except BadDocument as error:
        reasons.append(Reason("statement_differs", detail=str(error)))
        return None
    due = _due_statement(document, content, said, signed.key if signed else "", salts)
    if said.sha256 != document.digest or (due.sm3 and said.sm3 and due.sm3 != said.sm3):
        reasons.append(
            Reason(
                "digest_mismatch",
                detail=f"登记的是 {said.sha256}，文件是 {document.digest}"
                f" / logged {said.sha256}, the document is {document.digest}",
            )
        )
    # that a document without signature differs in key and signature is said by `unsigned`
    told = {"sha256", "sm3"} | (set() if document.signature else {"key", "signature"})
    names = [each.name for each in dataclasses.fields(Statement) if each.name not in told]
    differing = ", ".join(name for name in names if not _same(getattr(due, name), getattr(said, name)))
    if differing and not (content is None and document.kind != BUNDLE):
        reasons.append(
            Reason("statement_differs", detail=f"不同之处：{differing} / they differ in {differing}")
        )
    return said


def _same(due: object, said: object) -> bool:
    """As bytes: in a record 100 and 100.0 are equal, and not the same."""
    return due == said and (not isinstance(due, Mapping) or canonical_line(due) == canonical_line(said))


def _due_statement(
    document: Document,
    content: Certificate | Record | None,
    said: Statement,
    key: str,
    salts: statement.Salts,
) -> Statement:
    """The statement that a registry would make of the document, with the issuer and day it was logged under."""
    issued = said.issued or date.min
    match content:
        case Certificate():
            return statement.of_certificate(
                content, document.data, key=key, signature=document.signature, salts=salts
            )
        case None:
            return statement.of_bundle(
                document.data, issuer=said.issuer, issued=issued, key=key, signature=document.signature
            )
        case _:
            return statement.of_record(
                content, issuer=said.issuer, issued=issued, key=key, signature=document.signature
            )


def _signed(data: bytes, signed: Signature, key: PublicKey | None, reasons: list[Reason]) -> None:
    """Step 2: the signature, as far as it can be checked: without the key only what it says of the bytes."""
    if signed.sha256 != sha256_bytes(data):
        reasons.append(Reason("signature_wrong", detail="签的是别的字节 / it is of other bytes"))
    elif key is not None:
        try:
            if not signature.check(data, signed, key):
                reasons.append(Reason("signature_wrong"))
        except BadKey as error:
            reasons.append(Reason("signature_wrong", detail=str(error)))
        except NotShown as error:
            reasons.append(Reason("algorithm_absent", detail=str(error)))


def _logged(
    document: Document, said: Statement | None, policy: Policy, reasons: list[Reason]
) -> tuple[int | None, int | None]:
    """Step 3: when the log's witnesses had seen the document's entry, and its index."""
    if not document.proof or not document.statement:
        reasons.append(Reason("not_logged"))
        return None, None
    try:
        proof = proofs.parse(document.proof)
    except BadNote as error:
        reasons.append(Reason("proof_wrong", detail=str(error)))
        return None, None
    reason, time = seen(document.statement, proof, policy)
    if reason is not None:
        reasons.append(reason)
    return (time, proof.index) if said is not None else (None, None)


def seen(entry: bytes, proof: LogProof, policy: Policy) -> tuple[Reason | None, int | None]:
    """When the quorum had seen a checkpoint that holds an entry (POSIX seconds), or why that is not shown."""
    reason, time = included(entry, proof, policy)
    if time == 0:
        nobody = "策略不要求见证人，因此时间无从证明 / the policy asks for no witness, so nothing shows when"
        return Reason("witnesses_too_few", detail=nobody), None
    return reason, time


def included(entry: bytes, proof: LogProof, policy: Policy) -> tuple[Reason | None, int | None]:
    """Whether a trusted log holds an entry, as a policy asks; by when, 0 where the policy asks for no witness."""
    checkpoint = proof.checkpoint
    ours = policy.logs.get(checkpoint.origin, ())
    if not any(key.made(each) for key in ours for each in checkpoint.note.signatures):
        return Reason(
            "log_unknown", detail=f"{checkpoint.origin[:80]} 不在信任清单中 / is not pinned here"
        ), None
    if not policy.signed(checkpoint):
        return Reason("proof_wrong", detail="检查点的签名不对 / the checkpoint's signature is wrong"), None
    if not proof.holds(leaf_hash(entry)):
        return Reason(
            "proof_wrong", detail="路径不通到检查点 / the path does not lead to the checkpoint"
        ), None
    try:
        time = policy.seen(checkpoint)
    except BadNote as error:
        return Reason("proof_wrong", detail=str(error)), None
    if time is None:
        return Reason("witnesses_too_few"), None
    if time > LAST_TIME:
        return Reason("proof_wrong", detail="见证时间在 9999 年之后 / seen after the year 9999"), None
    return None, time


def _key(
    seen: Checked, signed: Signature, trust: Trust, authority: Authority, reasons: list[Reason]
) -> PublicKey | None:
    """Step 4: the key, if somebody here vouches for it; whether it was the issuer's for the role on the day."""
    role = ROLES.get(seen.document.kind, "authority")
    pinned = trust.authority.get(signed.key) if role == "authority" else None
    bindings = authority.bindings.get(signed.key, ())
    if pinned is None and not bindings:
        reasons.append(Reason("key_unknown", detail=f"密钥 {signed.key[:16]}… / key {signed.key[:16]}…"))
        return None
    if seen.logged is not None:
        day = day_of(seen.logged)
        reason = None if pinned else bound(bindings, _issuer(seen.content, seen.statement), role, day)
        reason = reason or key_revoked(authority.statuses.get(signed.key, ()), day)
        reasons += [reason] if reason else []
    return pinned or public_key(bindings[0])


def bound(bindings: Sequence[KeyBinding], issuer: str | None, role: str, day: date) -> Reason | None:
    """Whether a key, of which these are the bindings (at least one), was the issuer's for a role on a day."""
    theirs = [each for each in bindings if each.party == issuer]
    if not theirs:
        return Reason("key_of_other", detail=f"属于 {bindings[0].party} / it is bound to {bindings[0].party}")
    fitting = [each for each in theirs if each.role == role]
    if not fitting:
        given = ", ".join(sorted({each.role for each in theirs}))
        return Reason(
            "key_of_other_role", detail=f"其职责是 {given}，不是 {role} / bound for {given}, not {role}"
        )
    if any(each.since <= day <= each.until for each in fitting):
        return None
    since, until = min(each.since for each in fitting), max(each.until for each in fitting)
    told = f"登记于 {day}，密钥有效期 {since} 至 {until} / logged {day}, bound from {since} to {until}"
    return Reason("key_not_yet" if day < since else "key_expired", detail=told)


def key_revoked(statuses: Sequence[Status], day: date) -> Reason | None:
    """Whether a key, of which these are the statuses, was revoked by a day."""
    for each in statuses:
        if each.change == "revoke key" and each.since <= day:
            told = f"登记于 {day}，吊销自 {each.since} / logged {day}, revoked from {each.since} on"
            return Reason("key_revoked", detail=told)
    return None


def in_time(issued: date, logged: int, grace: int) -> Reason | None:
    """Step 5: whether a document was logged from its day of issue on, and at most `grace` days later."""
    day = day_of(logged)
    told = f"签发 {issued}，登记 {day} / issued {issued}, logged {day}"
    if day < issued:
        return Reason("registered_early", detail=told)
    if (day - issued).days > grace:
        return Reason("registered_late", detail=f"{told}; {grace} d")
    return None


def _withdrawn(document: Document, authority: Authority, on: date, reasons: list[Reason]) -> None:
    """Step 6: what the authority's statuses say on the day."""
    changes = [each for each in authority.statuses.get(document.digest, ()) if each.since <= on]
    for code, change in (("revoked", "revoke"), ("superseded", "supersede")):
        if found := [each for each in changes if each.change == change]:
            reasons.append(Reason(code, detail=_told(found[0])))
    halts = [each for each in changes if each.change in ("suspend", "resume")]
    if halts and halts[-1].change == "suspend":
        reasons.append(Reason("suspended", detail=_told(halts[-1])))


def _told(status: Status) -> str:
    return f"自 {status.since}：{status.why} / from {status.since} on: {status.why}"
