"""An operator's browser, as far as the service can tell: it keeps cookies, sends forms and says what it accepts."""

import hashlib
import re
from base64 import b64encode
from collections.abc import Mapping
from html import unescape
from urllib.parse import urlencode

from tests.support.http import Answer, Door, ask

PAGE = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
PASSWORD = "four drums turning"
_COOKIE = re.compile(r"(?:^|,)((?:__Host-)?tonearm-[a-z]+)=([^;]*)(;[^,]*(?:,[^,=;]*GMT[^,]*)?)")
_TOKEN = re.compile(r'name="form_token" value="([^"]+)"')
_SHOWN = re.compile(r"password, shown this once: (\S+)")


def cheap_hash(password: str) -> str:
    """As the service stores it, but made in no time, so that the tests do not wait for what makes guessing slow."""
    made = hashlib.scrypt(password.encode(), salt=bytes(16), n=16, r=8, p=1, dklen=32)
    return "$scrypt$ln=4,r=8,p=1${}${}".format(*(b64encode(part).decode().rstrip("=") for part in (bytes(16), made)))


class Operator:
    """One browser."""

    def __init__(self, url: str, headers: Mapping[str, str] | None = None, *, source: str = "") -> None:
        """`headers`: sent with everything, as a proxy in between would; `source`: the address it comes from."""
        self._door = Door.at(url)
        self._source = source
        self._headers = {**PAGE, **(headers or {})}
        self.cookies: dict[str, str] = {}
        self.attributes: dict[str, str] = {}

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        return self._ask("GET", path, headers, None)

    def post(self, path: str, fields: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Answer:
        sent = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
        return self._ask("POST", path, sent, urlencode(fields).encode())

    def submit(self, path: str, fields: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Answer:
        """The form at `path`, with the token it carries."""
        return self.post(path, {"form_token": form_token(self.get(path, headers)), **fields}, headers)

    def sign_in(self, password: str, path: str = "/login") -> Answer:
        return self.submit(path, {"password": password})

    def is_signed_in(self) -> bool:
        return self.get("/logout").status == 200

    def _ask(self, method: str, path: str, headers: Mapping[str, str] | None, body: bytes | None) -> Answer:
        sent = {**self._headers, **(headers or {})}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = ask(self._door, method, path, sent, body, source=self._source)
        for name, value, attributes in _COOKIE.findall(answer.headers.get("set-cookie", "")):
            self.attributes[name] = attributes
            if value and "Max-Age=0" not in attributes:
                self.cookies[name] = value
            else:
                self.cookies.pop(name, None)
        return answer


def form_token(page: Answer) -> str:
    """Of the first form on the page."""
    found = _TOKEN.search(page.body.decode())
    assert found is not None, page.body.decode()
    return unescape(found[1])


def shown_passwords(said: str) -> list[str]:
    """Those a starting service printed."""
    return _SHOWN.findall(said)
