"""The laws of the model as scalar functions: numbers in, numbers out, the uniform ``u`` among them.

Plain arithmetic only (see ``docs/explanation/architecture.md``), so that every engine computes the same bits.
"""
