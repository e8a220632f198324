"""An object storage for tests: moto's S3 server behind a check of COS signatures.

Prints its port and ends when its standard input does. What the function sends must be signed as
<https://cloud.tencent.com/document/product/436/7778> says, with the session token; what the tests themselves send
has the header `x-test` instead. A key that contains `busy-<n>` is answered with 503 n times, one that contains
`forbidden` with 403.
"""

import hashlib
import hmac
import logging
import re
import sys
import threading
import time
from urllib.parse import parse_qsl, quote, unquote, unquote_to_bytes

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

SECRET_ID, SECRET_KEY, TOKEN = "AKIDTESTTESTTEST", "KEYTESTKEYTESTKEYTEST", "TOKENTESTTOKENTEST"
BUSY = re.compile(r"busy-(\d+)")


def hmac_sha1(key: bytes, message: str) -> str:
    return hmac.new(key, message.encode(), hashlib.sha1).hexdigest()


def why_refused(environ: dict) -> str | None:
    """What is wrong with a request's signature, which is in its header or in its URL; None if it is right."""
    path, _, text = environ["REQUEST_URI"].partition("?")
    query = dict(parse_qsl(text, keep_blank_values=True))
    if header := environ.get("HTTP_AUTHORIZATION", ""):
        fields = dict(field.split("=", 1) for field in header.split("&") if "=" in field)
        token, must_be_signed = environ.get("HTTP_X_COS_SECURITY_TOKEN"), {"host", "x-cos-security-token"}
    else:
        fields = {name: query.pop(name) for name in list(query) if name.startswith("q-")}
        # Somebody without credentials: what they send must be what was signed.
        token, must_be_signed = query.get("x-cos-security-token"), {"host", "content-type", "content-length"}
    if fields.get("q-sign-algorithm") != "sha1" or fields.get("q-ak") != SECRET_ID:
        return "no signature of this user"
    start, end = (int(second) for second in fields["q-sign-time"].split(";"))
    if not start <= time.time() <= end or end - start > 3600 or fields["q-key-time"] != fields["q-sign-time"]:
        return "not valid now, or for too long"
    if token != TOKEN:
        return "no token"
    names = fields["q-header-list"].split(";")
    if not must_be_signed <= set(names) or fields["q-url-param-list"] != ";".join(sorted(query)):
        return "not all is signed"
    headers = "&".join(f"{name}={quote(header_of(environ, name), safe='')}" for name in names)
    parameters = "&".join(f"{name}={quote(value, safe='')}" for name, value in sorted(query.items()))
    request = f"{environ['REQUEST_METHOD'].lower()}\n{unquote_to_bytes(path).decode()}\n{parameters}\n{headers}\n"
    to_sign = f"sha1\n{fields['q-sign-time']}\n{hashlib.sha1(request.encode()).hexdigest()}\n"
    sign_key = hmac_sha1(SECRET_KEY.encode(), fields["q-sign-time"])
    if fields["q-signature"] != hmac_sha1(sign_key.encode(), to_sign):
        return f"wrong signature of {request!r}"
    return None


def header_of(environ: dict, name: str) -> str:
    name = name.upper().replace("-", "_")
    return environ.get(name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{name}", "")


class Gate:
    """In front of moto's application."""

    def __init__(self, storage) -> None:
        self.storage = storage
        self.busy: dict[str, int] = {}

    def __call__(self, environ: dict, start_response):
        path = unquote(environ["REQUEST_URI"])
        if "HTTP_X_TEST" not in environ:
            if (reason := why_refused(environ)) or "forbidden" in path:
                return self.answer(start_response, "403 Forbidden", reason or "forbidden")
            if (busy := BUSY.search(path)) and self.busy.setdefault(path, int(busy.group(1))):
                self.busy[path] -= 1
                return self.answer(start_response, "503 Slow Down", "busy")
            # What COS calls otherwise than S3.
            for name in [name for name in environ if name.startswith("HTTP_X_COS_META_")]:
                environ[name.replace("X_COS", "X_AMZ")] = environ.pop(name)
            if "q-sign-algorithm=" in environ["QUERY_STRING"]:
                environ["QUERY_STRING"], environ["REQUEST_URI"] = "", environ["REQUEST_URI"].partition("?")[0]
            start_response = self.renamed(start_response)
        # To moto, all are its one user: it knows no signatures of COS.
        environ["HTTP_AUTHORIZATION"] = "AWS user:signature"
        return self.storage(environ, start_response)

    @staticmethod
    def renamed(start_response):
        def start(status: str, headers: list, *more):
            return start_response(status, [(name.lower().replace("x-amz", "x-cos"), value) for name, value in headers], *more)
        return start

    @staticmethod
    def answer(start_response, status: str, text: str) -> list[bytes]:
        print(status, text, file=sys.stderr)
        start_response(status, [("Content-Type", "text/plain"), ("Content-Length", str(len(text.encode())))])
        return [text.encode()]


def main() -> None:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    storage = Gate(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, storage, threaded=True, request_handler=MotoRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()


main()
