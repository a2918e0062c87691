"""A bar where somebody watches, or a function that is told."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = bool | Callable[[int, int], object] | None
"""Whether to show a progress bar, or a function that is told (done, total); none: a bar where somebody watches."""
Report = Callable[[int, int, str], object]
"""Is told how many runs are done, how many there will be as far as is known, and in a few words how it goes."""


@contextmanager
def reporter(progress: Progress) -> Iterator[Report]:
    """Yield a function that is told how many runs are done."""
    if callable(progress):
        tell = progress
        yield lambda done, total, words: tell(done, total)
        return
    if progress is False or (progress is None and not (_in_notebook() or _terminal())):
        yield lambda done, total, words: None
        return
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tqdm.auto warns where ipywidgets is missing
        from tqdm.auto import tqdm
    with tqdm(desc="runs", unit="run", leave=False, dynamic_ncols=True) as bar:

        def show(done: int, total: int, words: str) -> None:
            if bar.total != total:  # known better now; the clock goes on
                began, before = bar.start_t, bar.n
                bar.reset(total=total)
                bar.start_t, bar.n, bar.last_print_n = began, before, before
            if words:
                bar.set_postfix_str(words, refresh=False)
            bar.update(done - bar.n)

        yield show


def _terminal() -> bool:
    return bool(getattr(sys.stderr, "isatty", bool)())


def _in_notebook() -> bool:
    return type(getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()).__name__ == "ZMQInteractiveShell"
