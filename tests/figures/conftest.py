"""A real browser for pages of HTML, where one is installed: Chromium without a window, asked over two pipes."""

import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = next(
    (name for name in ("chromium", "chromium-browser", "google-chrome") if shutil.which(name)), ""
)


class Browser:
    """Speaks the DevTools protocol (<https://chromedevtools.github.io/devtools-protocol/>): JSON, ended by a null byte."""

    def __init__(self, folder: Path) -> None:
        asked, self.asking = os.pipe()
        self.hearing, heard = os.pipe()
        options = "--headless --no-sandbox --disable-gpu --disable-dev-shm-usage --hide-scrollbars"

        def arranged() -> None:
            # Chromium reads what it is asked from 3 and answers to 4, which may be other things here.
            far = [fcntl.fcntl(end, fcntl.F_DUPFD, 100) for end in (asked, heard)]
            for number, end in enumerate(far, start=3):
                os.dup2(end, number)

        self.process = subprocess.Popen(
            [
                CHROMIUM,
                *options.split(),
                "--remote-debugging-pipe",
                f"--user-data-dir={folder}",
                "about:blank",
            ],
            pass_fds=(3, 4),
            preexec_fn=arranged,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(asked)
        os.close(heard)
        self.number, self.rest, self.session = 0, b"", ""
        self.events: list[dict[str, Any]] = []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.ask(f"{domain}.enable")

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        self.number += 1
        asked = {"id": self.number, "method": method, "params": params}
        asked |= {"sessionId": self.session} if self.session else {}
        os.write(self.asking, json.dumps(asked).encode() + b"\0")
        while True:
            answer = self.heard()
            if answer.get("id") == self.number:
                assert "error" not in answer, answer
                found: dict[str, Any] = answer["result"]
                return found
            self.events.append(answer)

    def heard(self) -> dict[str, Any]:
        while b"\0" not in self.rest:
            more = os.read(self.hearing, 1 << 16)
            assert more, "the browser has gone"
            self.rest += more
        one, _, self.rest = self.rest.partition(b"\0")
        answer: dict[str, Any] = json.loads(one)
        return answer

    def open(self, page: Path, *, dark: bool = False) -> None:
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", features=[scheme])
        self.events.clear()
        self.ask("Page.navigate", url=page.as_uri())
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self.heard())

    def run(self, code: str) -> Any:
        """What a piece of JavaScript gives; the page's policy does not hold for it."""
        done = self.ask("Runtime.evaluate", expression=code, returnByValue=True)
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    def click(self, selector: str) -> None:
        """Presses and lets go the left button in the middle of an element."""
        place = f"document.querySelector({json.dumps(selector)})"
        self.run(f"{place}.scrollIntoView({{block: 'center', inline: 'center'}})")
        box = self.run(f"(r => [r.x + r.width / 2, r.y + r.height / 2])({place}.getBoundingClientRect())")
        for kind in ("mousePressed", "mouseReleased"):
            self.ask("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left", clickCount=1)

    def press(self, key: str, *, shift: bool = False) -> None:
        codes = {"Enter": 13, "Escape": 27, "Tab": 9, "/": 191}
        text = {"Enter": "\r", "/": "/"}.get(key)
        asked = {"key": key, "windowsVirtualKeyCode": codes[key], "modifiers": 8 if shift else 0}
        self.ask("Input.dispatchKeyEvent", type="keyDown", **asked, **({"text": text} if text else {}))
        self.ask("Input.dispatchKeyEvent", type="keyUp", **asked)

    def write(self, text: str) -> None:
        self.ask("Input.insertText", text=text)

    def complaints(self) -> list[str]:
        """What the browser logged: refused scripts, errors, requests that failed."""
        self.run("0")
        logged = [
            event
            for event in self.events
            if event.get("method") in {"Log.entryAdded", "Runtime.exceptionThrown"}
        ]
        return [json.dumps(event["params"]) for event in logged]

    def close(self) -> None:
        os.close(self.asking)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.hearing)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if not CHROMIUM:
        pytest.skip("no Chromium is installed")
    found = Browser(tmp_path_factory.mktemp("browser"))
    yield found
    found.close()
