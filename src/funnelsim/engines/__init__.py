"""Engines: each takes lowered inputs and leaves an event log."""
