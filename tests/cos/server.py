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
from urllib.parse import quote, unquote, unquote_to_bytes

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

SECRET_ID, SECRET_KEY, TOKEN = "AKIDTESTTESTTEST", "KEYTESTKEYTESTKEYTEST", "TOKENTESTTOKENTEST"
BUSY = re.compile(r"busy-(\d+)")


def hmac_sha1(key: bytes, message: str) -> str:
    return hmac.new(key, message.encode(), hashlib.sha1).hexdigest()


def why_refused(environ: dict) -> str | None:
    """What is wrong with a request's signature; None if it is right."""
    fields = dict(field.split("=", 1) for field in environ.get("HTTP_AUTHORIZATION", "").split("&") if "=" in field)
    if fields.get("q-sign-algorithm") != "sha1" or fields.get("q-ak") != SECRET_ID:
        return "no signature of this user"
    start, end = (int(second) for second in fields["q-sign-time"].split(";"))
    if not start <= time.time() <= end or end - start > 3600 or fields["q-key-time"] != fields["q-sign-time"]:
        return "not valid now, or for too long"
    if environ.get("HTTP_X_COS_SECURITY_TOKEN") != TOKEN:
        return "no token"
    names = fields["q-header-list"].split(";")
    if "host" not in names or "x-cos-security-token" not in names or fields["q-url-param-list"]:
        return "host and token are not signed"
    headers = "&".join(f"{name}={quote(environ['HTTP_' + name.upper().replace('-', '_')], safe='')}" for name in names)
    path = unquote_to_bytes(environ["REQUEST_URI"].split("?")[0]).decode()
    request = f"{environ['REQUEST_METHOD'].lower()}\n{path}\n\n{headers}\n"
    to_sign = f"sha1\n{fields['q-sign-time']}\n{hashlib.sha1(request.encode()).hexdigest()}\n"
    sign_key = hmac_sha1(SECRET_KEY.encode(), fields["q-sign-time"])
    if fields["q-signature"] != hmac_sha1(sign_key.encode(), to_sign):
        return f"wrong signature of {request!r}"
    return None


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
        # To moto, all are its one user: it knows no signatures of COS.
        environ["HTTP_AUTHORIZATION"] = "AWS user:signature"
        return self.storage(environ, start_response)

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
