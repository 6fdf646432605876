"""Runs the cases of cases.py with the official client and writes down what became of each; see run.mjs.

Every request is noted. No other host than the server is reached: the attempt alone is noted. Waiting takes a fraction of its
time, and a case that would wait for more than five minutes hangs.
"""

import contextlib
import io
import json
import os
import re
import socket
import sys
import time
import traceback
from urllib.parse import urlsplit

import requests

ORIGIN = urlsplit(os.environ["API_URL"])
WAIT_MAX_S = 300
REAL_SLEEP = time.sleep


class Hangs(BaseException):
    """A case waits for longer than a person would."""


class Blocked(requests.exceptions.ConnectionError):
    """Another host than the server was asked."""


class Watch:
    """What a case does: its calls, the hosts that it would have asked, how long it would have waited."""

    def __init__(self):
        self.reset()

    def reset(self):
        self.calls, self.outside, self.waited_s = [], [], 0.0


watch = Watch()


def hide(text):
    text = re.sub(r"api_key=[^&\s\"'\\]+", "api_key=<key>", text)
    return re.sub(r"\b[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\b", "<id>", text)


def sentence_of(response):
    """The sentence of a refusal, and its code."""
    try:
        body = response.json()
    except ValueError:
        return "", ""
    if not isinstance(body, dict):
        return "", ""
    error = body.get("error")
    message = error.get("message") if isinstance(error, dict) else error
    return str(message or ""), str(body.get("code") or "")


def install_watch():
    send = requests.Session.send

    def watched(session, request, **options):
        url = urlsplit(request.url)
        path = hide(url.path.removeprefix(ORIGIN.path))
        if (url.hostname, url.port) != (ORIGIN.hostname, ORIGIN.port) and url.hostname != "localhost":
            watch.outside.append(f"{request.method} {url.hostname}{url.path}")
            raise Blocked(f"another host was asked: {url.hostname}")
        response = send(session, request, **options)
        if not response.history and not options.get("stream"):
            message, code = sentence_of(response) if response.status_code >= 400 else ("", "")
            watch.calls.append((f"{request.method} {path or '/'}", response.status_code, message, code))
        return response

    requests.Session.send = watched
    connect = socket.socket.connect

    def guarded(self, address):
        if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            watch.outside.append(str(address[0]))
            raise OSError(f"another host was asked: {address[0]}")
        return connect(self, address)

    socket.socket.connect = guarded

    def shortened(seconds):
        watch.waited_s += seconds
        if watch.waited_s > WAIT_MAX_S:
            raise Hangs()
        REAL_SLEEP(min(seconds, 0.25))

    time.sleep = shortened


CRASHES = (AttributeError, KeyError, TypeError, IndexError, ValueError, AssertionError, NameError, ImportError)
"""What says nothing of the cause: the client read something that was not there."""

MISLEADING = re.compile(r"^There is no (such (version|project|workspace)\b|[A-Z]+ here)")
"""Sentences of ours that are about something else than what was asked for."""


def shows_why(text):
    """Whether what the user sees says why the server refused."""
    flat = " ".join(text.split())
    for _call, status, message, code in watch.calls:
        if status < 400 or not message or MISLEADING.match(message):
            continue
        if message in flat or json.dumps(message)[1:-1] in flat or json.dumps(message, ensure_ascii=False)[1:-1] in flat:
            return True
    return False


def judge(failed, crashed, text, options):
    if watch.outside:
        return "external host"
    if options.get("hangs"):
        return "confusing"
    if failed and options.get("sentence", "\0") in text:
        return "clear refusal"
    if not watch.calls and not (crashed and failed):
        return "local"
    if not failed:
        refused = [call for call in watch.calls if call[1] >= 400]
        return "confusing" if refused and not options.get("tolerates") else "works"
    if shows_why(text):
        return "clear refusal"
    return "crash" if crashed else "confusing"


def run(case, do):
    """`do` answers whether it failed, whether it crashed, and what the user sees."""
    group, what, options = case
    watch.reset()
    out = io.StringIO()
    options = dict(options)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            failed, crashed, text = do(out)
    except Hangs:
        failed, crashed, text = True, False, f"waits for more than {WAIT_MAX_S} s"
        options["hangs"] = True
    verdict = judge(failed, crashed, text, options)
    note = options.get("client", "")
    if note and verdict in ("crash", "confusing"):
        verdict = "client's own"
    lines = [f"{call} → {status}" for call, status, *_ in watch.calls]
    calls = [line if lines.count(line) == 1 else f"{line}, {lines.count(line)} times" for line in dict.fromkeys(lines)][:6]
    calls += [f"{call} → BLOCKED" for call in dict.fromkeys(watch.outside)]
    print(f"{verdict:14} {what}", file=sys.__stderr__, flush=True)
    return {
        "group": group,
        "what": what,
        "verdict": verdict,
        "calls": calls,
        "says": hide(" ".join(text.split()))[-300:],
        "note": note,
    }


def call_method(code, names):
    def do(_out):
        try:
            result = eval(code, names)  # noqa: S307: our own table
            return False, False, repr(result)
        except Exception as error:  # noqa: BLE001: whatever it is, the user sees it
            crashed = isinstance(error, CRASHES) and type(error).__module__ in ("builtins", "json.decoder", "requests.exceptions")
            return True, crashed, f"{type(error).__name__}: {error}"

    return do


def call_command(words, main):
    def do(out):
        argv, sys.argv = sys.argv, ["roboflow", *words]
        try:
            main()
            return False, False, out.getvalue()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else (0 if end.code is None else 1)
            return code != 0, False, f"rc {code}: {out.getvalue()}"
        except Exception:  # noqa: BLE001: a traceback is what the user sees
            return True, True, f"{out.getvalue()} {traceback.format_exc(limit=-1)}"
        finally:
            sys.argv = argv

    return do


def main():
    rows_file, only = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""
    install_watch()
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    import cases
    from roboflow.roboflowpy import main as roboflow

    with contextlib.redirect_stdout(sys.stderr):
        scene = cases.build_scene()
    rows = []

    def take(table, make):
        for group, what, code, *rest in table:
            options = rest[0] if rest else {}
            if only in what or options.get("always"):
                rows.append(run((group, what, options), make(code)))

    take(cases.METHODS, lambda code: call_method(code, scene))
    take(cases.COMMANDS, lambda code: call_command([word.format(**scene) for word in code], roboflow))
    take(cases.LAST, lambda code: call_method(code, scene))
    if not only:
        for name in cases.list_missing():
            print(f"no case: {name}", file=sys.__stderr__)
    with open(rows_file, "w", encoding="utf-8") as file:
        json.dump(rows, file)


if __name__ == "__main__":
    main()
