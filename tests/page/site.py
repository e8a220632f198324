"""The page as a static site, as a bucket shows it: files by their names, nothing else; on an origin of its own."""

import tempfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from package import site
from toolchain import paths


class StaticSite:
    """A running site; empty until `fill`."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Files, directory=Path(self._folder.name) / "web"))
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = "http://{}:{}".format(*self._server.server_address)

    def fill(self, function_url: str, upload_origin: str = "") -> None:
        """Makes the site as `make package` does, for a function there."""
        members = site.site(paths.PROJECT / "web", function_url, upload_origin)
        site.write(members, Path(self._folder.name))

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._folder.cleanup()


class _Files(SimpleHTTPRequestHandler):
    def list_directory(self, path: object) -> None:
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        pass
