"""The reference engine: idiomatic SimPy, written to be read; it defines what the model means."""
