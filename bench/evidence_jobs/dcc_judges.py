"""What other libraries for DCCs say of files; runs in the environment of the peers: a JSON object a file on
stdout, with the processor time that each took.

    python dcc_judges.py AUTHORITY.pem SCHEMA.xsd < names of files, a line each

pydcc: structure by the schema of the certificate's edition, and the signature inside, where there is one. By itself it
does not start beside OpenSSL 3.0.10 or later, and fetches schemas: it is lent a wider pattern of versions, and the
schemas that lie beside the one handed in (../vN/dcc.xsd). dcclib: structure by the schema that is handed in, business
rules by Schematron (Saxon), and the signature.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

SAID = 90  # characters of what a library says
UNSIGNED = "XML element Signature"


def told(judge: Callable[[], Any]) -> str:
    """ "valid", "invalid", "none inside" for None, or what kept the library from an answer."""
    try:
        return {True: "valid", False: "invalid", None: "none inside"}[judge()]
    except BaseException as error:  # an answer of a foreign library, whatever it is
        return f"{type(error).__name__}: {' '.join(str(error).split())[:SAID]}"


def import_pydcc() -> Any:
    """pydcc, with a workspace that is in order, so that it asks no network."""
    searched = re.search

    def search(pattern: Any, text: Any, *flags: Any) -> Any:
        wider = (
            pattern.replace(r"\d\.\d\.\d[a-z]*", r"\d+\.\d+\.\d+[a-z]*")
            if isinstance(pattern, str)
            else pattern
        )
        return searched(wider, text, *flags)

    re.search = search  # oscrypto reads "3.0.19" with room for one digit
    try:
        from dcc import dcc
        from dcc.dcc_xml_validator import Data, DCCOnlineReleases
    finally:
        re.search = searched
    nothing = DCCOnlineReleases(releases=[])
    workspace = Path(os.environ["HOME"]) / "pydcc"
    workspace.mkdir()
    (workspace / "Readme.txt").write_text("")
    (workspace / "data.json").write_text(Data(online_available_releases=nothing).json())
    return dcc


def pydcc(authority: str, schema: str) -> Callable[[str], dict[str, str]]:
    """Structure and signature."""
    try:
        dcc = import_pydcc()
    except Exception as error:  # whatever keeps a foreign library from starting
        why = f"{type(error).__name__}: {error}"
        return lambda path: {"start": why}
    import xmlschema

    trust, schemas = dcc.DCCTrustStore(), Path(schema).parents[1]
    if authority:
        trust.load_trusted_root_from_file(authority)

    @cache
    def schema_of(edition: str) -> Any:
        return xmlschema.XMLSchema(str(schemas / f"v{edition}" / "dcc.xsd"))

    def structure(path: str) -> bool:
        read = dcc.DCC(path, signature_verification=False)
        read.xml_validator.previous_used_schmas[read.dcc_version] = schema_of(read.dcc_version)
        return bool(read.verify_dcc_xml(online=False))

    def signature(path: str) -> bool | None:
        status = dcc.DCC(path, trust_store=trust).status_report
        return status.valid_signature if status.is_signed else None

    return lambda path: {
        "structure": told(lambda: structure(path)),
        "signature": told(lambda: signature(path)),
    }


def dcclib(authority: str, schema: str) -> Callable[[str], dict[str, str]]:
    """Structure, business rules, signature."""
    from dcclib.signature import DCCVerifier
    from dcclib.validation import SchematronValidator, XsdValidator

    structure, rules = XsdValidator.from_file(schema), SchematronValidator.for_dcc()

    def judge(path: str) -> dict[str, str]:
        text = Path(path).read_text("utf-8", errors="replace")
        signature = told(lambda: bool(DCCVerifier(authority).verify_str(text)))
        return {
            "structure": told(lambda: structure.validate_str(text).is_valid),
            "rules": told(lambda: rules.validate_str(text).is_valid),
            "signature": "none inside" if UNSIGNED in signature else signature,
        }

    return judge


def main() -> int:
    """Judge the files that standard input names."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints goes where errors go
    with TemporaryDirectory() as home:
        os.environ["HOME"] = home
        judges = {"pydcc": pydcc(*sys.argv[1:3]), "dcclib": dcclib(*sys.argv[1:3])}
        for line in sys.stdin:
            path = line.strip()
            said: dict[str, Any] = {"path": path, "seconds": {}}
            for name, judge in judges.items():
                start = time.process_time()
                said[name] = judge(path)
                said["seconds"][name] = time.process_time() - start
            print(json.dumps(said), file=answers, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
