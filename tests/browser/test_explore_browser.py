"""Sliders in JupyterLab, in a real browser: a moved slider changes the picture, and nothing complains.

Skipped where there is no Chromium. ``FUNNELSIM_SCREENSHOTS=folder`` keeps what was seen.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import chromium

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(chromium.find() is None, reason="no Chromium on this machine"),
    *(
        pytest.mark.skipif(importlib.util.find_spec(name) is None, reason=f"{name} is not installed")
        for name in ("jupyterlab", "ipywidgets", "ipykernel", "nbformat", "websocket")
    ),
]

CELL = """
import funnelsim as fs

size = {"world.segments.*.accounts": 1000, "world.customers.start": 4, "world.burn_in_quarters": 1}
mine = fs.explore(fs.load("small").with_changes(size), replications=3)
mine
"""
ROOT = ".funnelsim-explore"
PICTURE = f"document.querySelector('{ROOT} img.funnelsim-picture')"
KERNEL = "[...window.jupyterapp.shell.widgets('main')][0].sessionContext.session.kernel"
SLIDER = f"{ROOT} .funnelsim-lever:nth-child(2)"
"""The second lever: reps."""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start JupyterLab on a notebook that calls explore; yield the address of the notebook."""
    import nbformat

    home = tmp_path_factory.mktemp("lab")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, home / "sliders.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = {name: str(home / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")}
    settings = {name: str(home / name.lower()) for name in ("JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR")}
    quiet = Path(settings["JUPYTERLAB_SETTINGS_DIR"]) / "@jupyterlab" / "apputils-extension"
    quiet.mkdir(parents=True)
    (quiet / "notification.jupyterlab-settings").write_text('{"fetchNews": "false", "checkForUpdates": false}')
    log = (home / "log").open("wb")
    process = subprocess.Popen(
        [
            sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}",
            "--IdentityProvider.token=", f"--ServerApp.root_dir={home}", "--LabApp.expose_app_in_browser=True",
        ],
        cwd=home, env={**os.environ, **own, **settings}, stdout=log, stderr=log,
    )  # fmt: skip
    try:
        end = time.monotonic() + 60.0
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/api", timeout=5).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError((home / "log").read_text(errors="replace")) from None
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}/doc/tree/sliders.ipynb"
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(20)
        log.close()


@pytest.fixture
def page(lab: str, tmp_path: Path) -> Iterator[chromium.Page]:
    """Open the notebook and run it."""
    with chromium.page(tmp_path / "profile") as found:
        try:
            found.open(lab)
            found.wait("document.querySelector('.jp-Notebook .jp-Cell') && window.jupyterapp")
            found.wait(f"{KERNEL}.status == 'idle'")
            found.value("void window.jupyterapp.commands.execute('notebook:run-all-cells')")
            found.wait(f"document.querySelector('{ROOT}.funnelsim-ready') && {PICTURE}.naturalWidth > 0")
            yield found
        except TimeoutError:
            keep(found, tmp_path, "explore_waited.png")
            raise


def keep(page: chromium.Page, tmp_path: Path, name: str) -> Path:
    """Take a screenshot."""
    path = page.screenshot(tmp_path / name)
    if folder := os.environ.get("FUNNELSIM_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        shutil.copy(path, Path(folder) / name)
    return path


def seen(page: chromium.Page) -> dict[str, Any]:
    """Return what the page shows: source of the picture, and key figures."""
    figure = "document.querySelector('.funnelsim-payroll_and_programmes-yours').textContent"
    return {
        "picture": page.value(f"{PICTURE}.src"),
        "payroll": page.value(figure),
        "moved": page.value(f"document.querySelectorAll('{ROOT} .funnelsim-changed').length"),
        "status": page.value("document.querySelector('.funnelsim-status').textContent"),
    }


def nothing_is_wrong(page: chromium.Page) -> None:
    errors = (
        ".jp-OutputArea-output[data-mime-type*=stderr], .jp-OutputArea-output[data-mime-type*=error], .jp-mod-error"
    )
    assert page.value(f"[...document.querySelectorAll('{errors}')].map(one => one.textContent)") == []
    assert page.value("document.querySelectorAll('.funnelsim-failed').length") == 0
    assert page.complaints == []


def test_a_moved_slider_changes_the_picture(page: chromium.Page, tmp_path: Path) -> None:
    before = seen(page)
    assert keep(page, tmp_path, "explore_before.png").stat().st_size > 20_000, "more than a blank page"
    assert before["moved"] == 0
    assert before["status"] == "3 replications of each plan"

    page.click(f"{SLIDER} .noUi-handle")
    page.key("ArrowRight")
    page.wait(f"document.querySelector('{ROOT}.funnelsim-ready') && {PICTURE}.src != '{before['picture']}'")
    page.wait(f"{PICTURE}.complete && {PICTURE}.naturalWidth > 0")
    one_step = seen(page)
    assert (before["payroll"], one_step["payroll"]) == ("$272k", "$290k"), "a tenth of a rep costs $18k"
    assert one_step["moved"] == 1

    page.drag(f"{SLIDER} .noUi-handle", 60.0)
    page.wait(f"document.querySelector('{ROOT}.funnelsim-ready') && {PICTURE}.src != '{one_step['picture']}'")
    assert seen(page)["payroll"] not in (before["payroll"], one_step["payroll"])

    page.click(".funnelsim-show")
    text = "document.querySelector('.funnelsim-text textarea').value"
    page.wait(text)
    assert "plan.sales.reps" in page.value(text)
    keep(page, tmp_path, "explore_moved.png")

    page.click(".funnelsim-reset")
    page.wait(f"document.querySelector('{ROOT}.funnelsim-ready') && !document.querySelector('.funnelsim-changed')")
    page.wait("document.querySelector('.funnelsim-payroll_and_programmes-yours').textContent == '$272k'")
    nothing_is_wrong(page)
