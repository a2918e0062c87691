"""Rules and base arithmetic use only operations that give the same bits in both engines and on every platform."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import funnelsim.events

PACKAGE = Path(funnelsim.events.__file__).parent
RULES = sorted((PACKAGE / "rules").rglob("*.py"))
BASE = [PACKAGE / "arithmetic.py", PACKAGE / "randomness.py"]

BUILTINS = {"sum", "round", "pow", "complex", "divmod"}
MATH = {"floor", "frexp", "ldexp", "sqrt", "inf", "nan", "isnan", "isinf", "isfinite"}
"""What may be used of `math`: exact or correctly rounded everywhere."""
NUMPY = {"sum", "mean", "dot", "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "power", "float_power", "round"}
NUMPY |= {"square", "cbrt", "sin", "cos", "tan", "tanh", "prod", "cumsum", "einsum", "matmul", "random", "longdouble"}
"""What may not be used of NumPy in the base modules."""


def offences(source: str, numpy_allowed: bool) -> list[str]:
    """Line and name of each forbidden operation in Python source."""
    tree = ast.parse(source)
    found: list[tuple[int, str]] = []
    module_of = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                module_of[alias.asname or alias.name.split(".")[0]] = alias.name.split(".")[0]
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Pow):
            # 2**64 of two integer literals is a constant, not arithmetic of the model
            literals = isinstance(node, ast.BinOp) and all(
                isinstance(side, ast.Constant) and isinstance(side.value, int) for side in (node.left, node.right)
            )
            if not literals:
                found.append((line, "**"))
        elif isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.MatMult):
            found.append((line, "@"))
        elif isinstance(node, ast.Name) and node.id in BUILTINS and isinstance(node.ctx, ast.Load):
            found.append((line, node.id))
        elif isinstance(node, ast.ImportFrom):
            module = (node.module or "").split(".")[0]
            names = {alias.name for alias in node.names}
            if module in {"cmath", "random", "scipy", "statistics", "numba"} or (
                module == "numpy" and not numpy_allowed
            ):
                found.append((line, f"from {module}"))
            elif module == "math":
                found += [(line, f"math.{name}") for name in sorted(names - MATH)]
            elif module == "numpy":
                found += [(line, f"numpy.{name}") for name in sorted(names & NUMPY)]
        elif isinstance(node, ast.Import):
            for alias in node.names:
                module = alias.name.split(".")[0]
                if module in {"cmath", "random", "scipy", "statistics", "numba"}:
                    found.append((line, f"import {module}"))
                elif module == "numpy" and not numpy_allowed:
                    found.append((line, "import numpy"))
        elif isinstance(node, ast.Attribute):
            module = module_of.get(node.value.id, "") if isinstance(node.value, ast.Name) else ""
            if module == "math" and node.attr not in MATH:
                found.append((line, f"math.{node.attr}"))
            elif module == "numpy" and node.attr in NUMPY:
                found.append((line, f"numpy.{node.attr}"))
    return [f"line {line}: {name}" for line, name in sorted(found)]


@pytest.mark.parametrize("path", BASE, ids=lambda path: path.name)
def test_base_modules(path: Path) -> None:
    assert offences(path.read_text(encoding="utf-8"), numpy_allowed=True) == []


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.name)
def test_rules(path: Path) -> None:
    assert offences(path.read_text(encoding="utf-8"), numpy_allowed=False) == []


@pytest.mark.parametrize(
    "line",
    [
        "y = x ** 2",
        "x **= 0.5",
        "y = 2 ** x",
        "y = 2.0 ** 3",
        "y = sum(xs)",
        "y = round(x)",
        "y = pow(x, 2)",
        "y = list(map(round, xs))",
        "import math\ny = math.exp(x)",
        "import math as m\ny = m.log(x)",
        "from math import exp",
        "from math import floor, log1p",
        "import numpy as np",
        "from numpy import float64",
        "import random",
        "from scipy.special import ndtri",
        "y = a @ b",
    ],
)
def test_the_check_sees(line: str) -> None:
    assert len(offences(line, numpy_allowed=False)) == 1


def test_the_check_lets_pass() -> None:
    source = """
import math
from math import floor, sqrt
from funnelsim.arithmetic import exp
NEVER = 2**62
y = exp(x) * math.sqrt(x) + floor(x) * x * x
y = self.sum
"""
    assert offences(source, numpy_allowed=False) == []
    assert offences("import numpy as np\ny = np.exp(x)", numpy_allowed=True) == ["line 2: numpy.exp"]
    assert offences("import numpy as np\ny = np.floor(x) * np.sqrt(x)", numpy_allowed=True) == []
