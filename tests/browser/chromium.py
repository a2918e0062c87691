"""A headless Chromium, driven through its DevTools protocol: no more than what JupyterLab brings along anyway."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
    "--window-size=1280,1400", "--remote-debugging-port=0", "--remote-allow-origins=*",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)  # fmt: skip


def find() -> str | None:
    """Return the path of a Chromium, none if this machine has none."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Page:
    """One page; commands go over a websocket, one at a time."""

    def __init__(self, address: str) -> None:
        import websocket

        self._socket: Any = websocket.create_connection(address, timeout=60)
        self._number = 0
        self.complaints: list[str] = []
        self.call("Page.enable")
        self.call("Runtime.enable")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Send one command and return its result."""
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": params}))
        while True:
            message = json.loads(self._socket.recv())
            if message.get("method") == "Runtime.exceptionThrown":
                self.complaints.append(str(message["params"]["exceptionDetails"].get("exception", {}))[:500])
            if message.get("id") == self._number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                result: dict[str, Any] = message["result"]
                return result

    def open(self, url: str) -> None:
        """Go to an address."""
        self.call("Page.navigate", url=url)

    def value(self, script: str) -> Any:
        """Return the value of an expression of JavaScript; promises are awaited."""
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(f"{script}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def wait(self, script: str, seconds: float = 60.0) -> None:
        """Wait until an expression is true."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.value(f"(() => {{ try {{ return !!({script}) }} catch (error) {{ return false }} }})()"):
                return
            time.sleep(0.1)
        raise TimeoutError(f"not true within {seconds:g} s: {script}")

    def middle(self, selector: str) -> tuple[float, float]:
        """Scroll an element into view and return where its middle is."""
        script = f"""(element => {{
            element.scrollIntoView({{block: "nearest"}})
            const box = element.getBoundingClientRect()
            return [box.x + box.width / 2, box.y + box.height / 2]
        }})(document.querySelector({json.dumps(selector)}))"""
        x, y = self.value(script)
        return x, y

    def click(self, selector: str) -> None:
        """Press the mouse in the middle of an element."""
        x, y = self.middle(selector)
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def key(self, name: str) -> None:
        """Press and release a key."""
        codes = {"ArrowRight": 39, "ArrowLeft": 37}
        for kind in ("rawKeyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent", type=kind, key=name, code=name, windowsVirtualKeyCode=codes.get(name, 0)
            )

    def drag(self, selector: str, pixels: float, moves: int = 8) -> None:
        """Take an element by its middle and pull it to the right, in several moves."""
        x, y = self.middle(selector)
        self.call("Input.dispatchMouseEvent", type="mousePressed", x=x, y=y, button="left", clickCount=1)
        for move in range(1, moves + 1):
            self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x + pixels * move / moves, y=y, button="left")
        self.call("Input.dispatchMouseEvent", type="mouseReleased", x=x + pixels, y=y, button="left", clickCount=1)

    def screenshot(self, path: Path) -> Path:
        """Write what is seen as PNG."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))
        return path


@contextmanager
def page(folder: Path) -> Iterator[Page]:
    """Yield a page of a Chromium with an empty profile in a folder; end it afterwards."""
    binary = find()
    assert binary, "no Chromium"
    process = subprocess.Popen(
        [binary, *FLAGS, f"--user-data-dir={folder}", "about:blank"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        said = folder / "DevToolsActivePort"
        end = time.monotonic() + 60.0
        while not (said.exists() and len(said.read_text().split()) == 2):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("Chromium did not start")
            time.sleep(0.1)
        port = said.read_text().split()[0]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=30) as answer:
            targets = json.load(answer)
        yield Page(next(one["webSocketDebuggerUrl"] for one in targets if one["type"] == "page"))
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(20)
