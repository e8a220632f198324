"""`python3 -m package.site`: dist/web.zip and the folder dist/web, the page as a static site for any bucket.

The page in `web/` is what `vision serve` shows: it asks the service that it comes from. As a static site it lies somewhere
else than the function, so this names the function's URL in its markup, allows the browser to go there and nowhere else,
and puts the files where the markup looks for them.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from urllib.parse import urlsplit

from package import archive
from package.archive import Member

PROJECT = Path(__file__).resolve().parent.parent
PAGES = ("index.html", "history.html")
HEAD = '<meta charset="utf-8">'
# `layer/src/trigger/serve/page_policy.rs` sends the same in a header. `frame-ancestors` is for headers only.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:{service}; "
    "media-src 'self' blob:; connect-src 'self'{service}{uploads}; manifest-src 'self'; base-uri 'none'; form-action 'self'"
)


class BadAddress(Exception):
    """Not an address that a browser could be sent to."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m package.site", description=__doc__)
    parser.add_argument("--function-url", default="", metavar="URL", help="where the function answers; empty: where the page is")
    parser.add_argument("--upload-origin", default="", metavar="URL", help="the bucket to which the page may upload")
    parser.add_argument("--out", type=Path, default=PROJECT / "dist", help="where the site goes")
    arguments = parser.parse_args()
    try:
        members = site(PROJECT / "web", arguments.function_url, arguments.upload_origin)
    except BadAddress as error:
        print(f"package: {error}", file=sys.stderr)
        return 1
    write(members, arguments.out)
    where = arguments.function_url or "the function where the page itself is (FUNCTION_URL names another)"
    print(f"web.zip: {len(members)} files, asking {where}")
    return 0


def write(members: list[Member], out: Path) -> None:
    """Writes web.zip and the folder web."""
    archive.write(out / "web.zip", members)
    archive.unpack(out / "web", members)


def site(web: Path, function_url: str = "", upload_origin: str = "") -> list[Member]:
    """The files of the site. The addresses are `http(s)://host…`; an empty one is left out."""
    service = _checked(function_url, "the function's URL")
    uploads = _origin(_checked(upload_origin, "the upload bucket's address"))
    # Relative addresses are resolved against it: without the slash its last part would be lost.
    service = service if service.endswith("/") or not service else service + "/"
    members = []
    for file in sorted(file for file in web.rglob("*") if file.is_file()):
        name = file.relative_to(web).as_posix()
        content = file.read_bytes()
        if name in PAGES:
            members.append(Member(name, page(content.decode(), service, uploads).encode()))
        else:
            members.append(Member(f"assets/{name}", content))
    return members


def page(markup: str, service: str, uploads: str) -> str:
    """The markup of a page with the function's URL and its policy in it."""
    if markup.count(HEAD) != 1:
        raise ValueError(f"the page has not one {HEAD}")
    policy = POLICY.format(service=_source(_origin(service)), uploads=_source(uploads))
    added = [f'<meta http-equiv="Content-Security-Policy" content="{policy}">', '<meta name="referrer" content="no-referrer">']
    if service:
        added.append(f'<meta name="service" content="{service}">')
    # Nobody answers to `history` where there are only files.
    markup = markup.replace('href="history"', 'href="history.html"')
    return markup.replace(HEAD, "\n  ".join([HEAD, *added]))


def _checked(address: str, what: str) -> str:
    parts = urlsplit(address)
    # Nothing that could end the attribute in which it will stand, or a source list.
    plain = re.fullmatch(r"https?://[A-Za-z0-9.-]+(:\d+)?(/[A-Za-z0-9._~/-]*)?", address)
    if address and (not plain or parts.username is not None):
        raise BadAddress(f"{what} is {address!r}; accepted is http(s)://host, and a path")
    return address


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}" if address else ""


def _source(origin: str) -> str:
    return f" {origin}" if origin else ""


if __name__ == "__main__":
    sys.exit(main())
