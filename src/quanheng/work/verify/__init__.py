"""Verification and calibration: from raw readings on a bench to the points of a certificate."""
