"""Handrail: an SMTP gateway that keeps a therapy practice's promises about email."""

__version__ = "0.1.0"
