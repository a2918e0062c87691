"""A page as PDF, printed by a browser without a window."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from funnelsim.errors import FunnelsimError

BROWSERS = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge", "microsoft-edge",
    "microsoft-edge-stable",
)  # fmt: skip
"""Browsers that can print without a window, by the name of their command."""
PATIENCE = 180.0
"""Seconds that a browser may take."""


def browser() -> str:
    """Return the first browser on the search path that can print.

    Raises
    ------
    FunnelsimError
        If there is none; the message says what to do.
    """
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        raise FunnelsimError(
            "a PDF needs Chromium, Chrome or Edge on the search path, and none is there: install one, or leave the PDF "
            "out, open the page in any browser and print it (it has a style for paper)"
        )
    return found


def print_pdf(page: str | Path, pdf: str | Path) -> Path:
    """Print a page to a PDF file; return its path.

    Parameters
    ----------
    page
        HTML file.
    pdf
        File to write.

    Raises
    ------
    FunnelsimError
        If there is no browser, or it fails.
    """
    source, target = Path(page).absolute(), Path(pdf).absolute()
    with tempfile.TemporaryDirectory(prefix="funnelsim-") as profile:  # a running browser is left alone
        words = [browser(), "--headless", "--disable-gpu", "--no-pdf-header-footer", f"--user-data-dir={profile}"]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            words.append("--no-sandbox")  # Chromium refuses to run as root without it; the page is our own
        words += [f"--print-to-pdf={target}", source.as_uri()]
        try:
            done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise FunnelsimError(f"{pdf}: {words[0]} did not print it ({type(error).__name__})") from None
    if done.returncode != 0 or not target.is_file():
        said = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise FunnelsimError(f"{pdf}: {words[0]} did not print it ({said})")
    return target
