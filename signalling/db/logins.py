"""Login names: how they are stored, and so how they are looked for."""

from __future__ import annotations

import re
import unicodedata

from mediaserver.api import UserError

_LOGIN = re.compile(r"[\w.@+-]{1,80}")


def as_compared(login: str) -> str:
    """Without capitals, and without the full-width letters of a Chinese keyboard."""
    return unicodedata.normalize("NFKC", login).strip().lower()


def is_login(login: str) -> bool:
    """:param login: as it is compared."""
    return _LOGIN.fullmatch(login) is not None


def login_name(text: str) -> str:
    """As it is stored. :raises UserError: 400 `bad_login`."""
    login = as_compared(text)
    if not is_login(login):
        raise UserError(
            400, "bad_login", "A login name has 1 to 80 letters, digits or the signs . _ - + @; choose another one."
        )
    return login
