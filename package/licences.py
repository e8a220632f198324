"""Licences as SPDX expressions such as `(MIT OR Apache-2.0) AND Unicode-3.0` (https://spdx.org/licenses/)."""

from __future__ import annotations

from collections.abc import Collection

from boolean import Expression
from license_expression import ExpressionError, ExpressionParseError, get_spdx_licensing

_SPDX = get_spdx_licensing()


class BadLicence(ValueError):
    """No expression of licences that the SPDX list knows."""


def parse(text: str) -> Expression:
    """The expression; old crates write a slash for `OR`.

    Raises `BadLicence`, which names what the SPDX list doesn't know.
    """
    try:
        return _SPDX.parse(text.replace("/", " OR "), validate=True, strict=True)
    except (ExpressionError, ExpressionParseError) as error:
        raise BadLicence(f"{text} is no SPDX expression: {error}") from error


def is_met_by(text: str, allowed: Collection[str]) -> bool:
    """Whether someone who accepts the allowed licences, and no other, may use what is under this one."""
    accepted = {parse(licence) for licence in allowed}
    answers = {licence: _SPDX.TRUE if licence in accepted else _SPDX.FALSE
               for licence in _SPDX.license_symbols(parse(text), decompose=False)}
    return parse(text).subs(answers, simplify=True) == _SPDX.TRUE
