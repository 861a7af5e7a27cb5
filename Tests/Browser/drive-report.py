"""drive-report.py PAGE [PICTURES]: opens a report in a headless Chromium and uses it as a reader would.

Desktop and phone, light and dark: no message on the console, no horizontal scrolling, values by pointer and by keys, the
skip link first. With a folder PICTURES it leaves a screenshot of each there. Prints what it saw, and ends with 1 where
something was wrong. Standard library only: it speaks the DevTools protocol over the browser's pipe.
"""
import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

SIZES = [("desktop", 1280, 900), ("phone", 360, 740)]


class Browser:
    """A Chromium that is spoken to by messages of JSON, each ended by a zero byte (file descriptors 3 and 4)."""

    def __init__(self):
        program = next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None)
        if program is None:
            sys.exit("no Chromium on the PATH: apt-get install chromium")
        self.profile = tempfile.mkdtemp(prefix="lockstep-browser-")
        commands, self.commands = os.pipe()
        self.replies, replies = os.pipe()

        def hand_over():
            # By way of high numbers, so that neither is overwritten by the other.
            os.dup2(commands, 63), os.dup2(replies, 64)
            os.dup2(63, 3), os.dup2(64, 4)

        self.process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
             "--disable-background-networking", "--disable-component-update", "--no-first-run",
             "--force-color-profile=srgb", f"--user-data-dir={self.profile}", "--remote-debugging-pipe", "about:blank"],
            preexec_fn=hand_over, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(commands), os.close(replies)
        self.number, self.rest, self.events, self.session = 0, b"", [], None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ["Page", "Runtime", "Log", "Network"]:
            self.call(f"{domain}.enable")

    def read(self):
        while b"\0" not in self.rest:
            piece = os.read(self.replies, 1 << 20)
            if not piece:
                sys.exit("the browser has gone")
            self.rest += piece
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        while True:
            reply = self.read()
            if reply.get("id") == self.number:
                if "error" in reply:
                    sys.exit(f"{method}: {reply['error']}")
                return reply["result"]
            self.events.append(reply)

    def evaluate(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            sys.exit(f"{expression}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def open(self, url):
        self.events.clear()
        self.call("Page.navigate", url=url)
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self.read())

    def press(self, key):
        codes = {"Tab": 9, "ArrowRight": 39, "ArrowLeft": 37, "ArrowDown": 40, "Home": 36, "End": 35, "Enter": 13}
        for kind in ["rawKeyDown", "keyUp"]:
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=codes[key])

    def close(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)


def messages(events):
    """What the console and the network have to complain of."""
    for event in events:
        method, parameters = event.get("method"), event.get("params", {})
        if method == "Runtime.consoleAPICalled":
            yield f"console: {parameters['args']}"
        elif method == "Runtime.exceptionThrown":
            yield f"exception: {parameters['exceptionDetails']}"
        elif method == "Log.entryAdded":
            yield f"log: {parameters['entry']['text']}"
        elif method == "Network.requestWillBeSent" and not parameters["request"]["url"].startswith("file:"):
            yield f"request: {parameters['request']['url'][:200]}"
        elif method == "Page.javascriptDialogOpening":
            yield f"dialog: {parameters['message']}"


def use(browser, wrong):
    """Goes over every plot by pointer and by keys; returns the number of plots."""
    browser.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    browser.press("Tab")
    if browser.evaluate("document.activeElement.className") != "skip":
        wrong.append("the first stop of the Tab key is not the skip link")
    browser.press("Enter")
    plots = browser.evaluate("document.querySelectorAll('[data-plot]').length")
    for index in range(plots):
        plot = f"document.querySelectorAll('[data-plot]')[{index}]"
        out = f"{plot}.parentNode.querySelector('.readout').textContent"
        name = browser.evaluate(f"{plot}.getAttribute('aria-label')")
        x, y, width, height = browser.evaluate(
            f"(() => {{ {plot}.scrollIntoView({{block: 'center'}}); const b = {plot}.getBoundingClientRect();"
            " return [b.x, b.y, b.width, b.height]; })()")
        hint = browser.evaluate(out)
        told = set()
        for part in [0.25, 0.5, 0.75]:
            browser.call("Input.dispatchMouseEvent", type="mouseMoved", x=x + width * part, y=y + height * 0.4)
            told.add(browser.evaluate(out))
        if hint in told or not all(told):
            wrong.append(f"{name}: pointing at it tells {told}")
        if browser.evaluate(f"{plot}.querySelectorAll('.cursor').length") != 1:
            wrong.append(f"{name}: no cursor under the pointer")
        browser.call("Input.dispatchMouseEvent", type="mouseMoved", x=1, y=1)
        browser.evaluate(f"{plot}.focus()")
        keys = []
        for key in ["Home", "ArrowRight", "ArrowRight", "End"]:
            browser.press(key)
            keys.append(browser.evaluate(out))
        points = browser.evaluate(f"{plot}.querySelectorAll('[data-t]').length || 9")
        if hint in keys or (points > 1 and keys[0] == keys[-1]):
            wrong.append(f"{name}: the keys tell {keys}")
        if browser.evaluate(f"{plot}.parentNode.querySelector('.readout').getAttribute('aria-live')") != "polite":
            wrong.append(f"{name}: what the keys tell is not spoken")
    return plots


def main():
    url = pathlib.Path(sys.argv[1]).resolve().as_uri()
    pictures = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None
    browser, wrong = Browser(), []
    try:
        for name, width, height in SIZES:
            for scheme in ["light", "dark"]:
                browser.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                             mobile=name == "phone")
                browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
                start = time.monotonic()
                browser.open(url)
                seconds = time.monotonic() - start
                found = []
                plots = use(browser, found)
                browser.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
                wide = browser.evaluate("document.documentElement.scrollWidth")
                if wide > width:
                    found.append(f"the page is {wide} wide, the window {width}")
                browser.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = false; })")
                found += messages(browser.events)
                print(f"{name} {scheme}: loaded in {seconds:.2f} s, {plots} plots, {len(found)} complaints")
                wrong += [f"{name} {scheme}: {text}" for text in found]
                if pictures:
                    browser.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
                    shot = browser.call("Page.captureScreenshot", captureBeyondViewport=True, clip={
                        "x": 0, "y": 0, "width": width, "scale": 1,
                        "height": browser.evaluate("document.documentElement.scrollHeight")})
                    (pictures / f"{name}-{scheme}.png").write_bytes(base64.b64decode(shot["data"]))
    finally:
        browser.close()
    for text in wrong:
        print(f"WRONG {text}")
    return 1 if wrong else 0


sys.exit(main())
