"""Names of DCC and D-SI."""

DCC = "https://ptb.de/dcc"
SI = "https://ptb.de/si"
VERSION = "3.3.0"  # the edition that is written
