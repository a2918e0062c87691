"""Results in a folder: written beside it first, then moved in whole files; nothing is ever half written."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from funnelsim.errors import FunnelsimError
from funnelsim.experiments.results import write_table

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

FORMATS = ("csv", "parquet")


class OutFolder:
    """A folder for results, found to be writable before the work begins.

    Parameters
    ----------
    path
        Folder; it is made if need be, and files of the same names in it are replaced.
    form
        ``csv`` or ``parquet``.
    """

    def __init__(self, path: str | Path, form: str = "csv") -> None:
        self.path = Path(path)
        self.form = form
        if form not in FORMATS:
            raise FunnelsimError(f"no format is named {form!r}; formats: {', '.join(FORMATS)}")
        if form == "parquet":
            _need_pyarrow()

    def __enter__(self) -> Self:
        """Make a working folder beside the target."""
        target = self.path.absolute()
        if target.exists() and not target.is_dir():
            raise FunnelsimError(f"--out {self.path}: is a file; expected a folder")
        self._made = [parent for parent in target.parents if not parent.exists()]  # innermost first
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            home = target if target.is_dir() else target.parent
            self.work = Path(tempfile.mkdtemp(prefix=".funnelsim-", dir=home))
        except OSError as error:
            raise _unwritable(self.path, error) from None
        return self

    def table(self, table: pd.DataFrame, name: str) -> None:
        """Add a table."""
        write_table(table, self.work / f"{name}.{self.form}", self.form)

    def text(self, text: str, name: str) -> None:
        """Add a text file."""
        try:
            (self.work / name).write_text(text, encoding="utf-8", newline="\n")
        except OSError as error:
            raise _unwritable(self.path, error) from None

    def picture(self, figure: Figure, name: str) -> None:
        """Add a picture, as PNG."""
        try:
            figure.savefig(self.work / f"{name}.png", dpi=150)
        except OSError as error:
            raise _unwritable(self.path, error) from None

    def publish(self) -> list[Path]:
        """Move every file to its place; return the places."""
        names = sorted(path.name for path in self.work.iterdir())
        try:
            self.path.mkdir(exist_ok=True)
            for name in names:
                os.replace(self.work / name, self.path / name)
        except OSError as error:
            raise _unwritable(self.path, error) from None
        return [self.path / name for name in names]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the working folder away, and the folders that were made for it, if nothing stands in them."""
        shutil.rmtree(self.work, ignore_errors=True)
        for folder in self._made:
            with suppress(OSError):  # results stand in it
                folder.rmdir()


def _unwritable(path: Path, error: OSError) -> FunnelsimError:
    return FunnelsimError(f"--out {path}: cannot be written ({error.strerror or error})")


def _need_pyarrow() -> None:
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        raise FunnelsimError('Parquet files need pyarrow: pip install "funnelsim[parquet]"; or take csv') from None
