"""The compiled engine: the reference engine's model as a state machine, compiled by Numba; the same log, bit by bit.

How the two are kept equal is told in ``docs/explanation/two_engines.md``.
"""
