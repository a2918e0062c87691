"""The wheel works away from the checkout: it carries the scenarios.

Needs no network: the wheel is built by the hatchling of this environment, and its dependencies are borrowed from it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.slow


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command without this checkout on its path; its standard output."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV_"))}
    result = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
    return result.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def elsewhere(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that holds the wheel and, from a .pth file, the dependencies installed here.

    Python does not follow the .pth files of a folder that came from a .pth file, so this checkout, which is installed
    here by one, stays out of reach.
    """
    venv = tmp_path_factory.mktemp("elsewhere") / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", venv, cwd=venv.parent)
    paths = sysconfig.get_paths("venv", vars={"base": str(venv), "platbase": str(venv)})
    python = Path(paths["scripts"]) / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", wheel, cwd=venv.parent)
    borrowed = Path(paths["purelib"]) / "borrowed.pth"
    borrowed.write_text(sysconfig.get_paths()["purelib"] + "\n", encoding="utf-8")
    return python


def test_wheel_carries_package_and_scenarios(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder, place in ((ROOT / "src" / "funnelsim", "funnelsim"), (ROOT / "scenarios", "funnelsim/_scenarios")):
        files = [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
        assert files, f"{folder} is empty"
        missing = {f"{place}/{path.relative_to(folder).as_posix()}" for path in files} - names
        assert missing == set()
    assert not [name for name in names if name.startswith(("tests", "src", "notebooks", "scenarios"))]


def test_wheel_loads_a_shipped_scenario(elsewhere: Path, tmp_path: Path) -> None:
    output = run(
        elsewhere,
        "-c",
        "import funnelsim as fs; print(fs.__file__); print(type(fs.load('base')).__name__)",
        cwd=tmp_path,
    )
    place, kind = output.split()
    assert Path(place).is_relative_to(elsewhere.parents[1]), "the checkout was imported, not the wheel"
    assert kind == "Scenario"


def test_wheel_has_a_command(elsewhere: Path, tmp_path: Path) -> None:
    assert "compare" in run(elsewhere.with_name("funnelsim"), "--help", cwd=tmp_path)
