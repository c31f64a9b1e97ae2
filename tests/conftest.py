"""Fixtures that more than one suite needs."""
