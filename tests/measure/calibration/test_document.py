"""The examples of docs/methods/calibration.md are what the program answers."""

import doctest
from pathlib import Path

DOCUMENT = Path(__file__).parents[3] / "docs/methods/calibration.md"


def test_the_examples_of_the_document_are_what_is_printed() -> None:
    result = doctest.testfile(str(DOCUMENT), module_relative=False)
    assert result.attempted > 5 and result.failed == 0
