"""What the steps of a profile say in so many words, and may be a secret: a PIN, a key. No report shows it."""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl, urlsplit

from sojourn.probe.profiles.profile import Profile

_OF_SECRETS = re.compile(
    r"pass|pwd?\b|\bpin\b|secret|key|otp|code|token|answer|credential|geheim|kennwort|antwort|contrase|senha|wachtwoord",
    re.IGNORECASE,
)
LEAST, LEAST_UNNAMED = 4, 8
"""Characters of a value whose name says that it is a secret, and of one whose name does not: "DE" is none."""


def literal_secrets(profile: Profile) -> Iterator[str]:
    """The values of fields, and of what stands behind the question mark of an address, of all steps there are."""
    half = profile.extra.get("half")
    tables = [each for each in half.values() if isinstance(each, list)] if isinstance(half, Mapping) else []
    written = [each for table in tables for each in table if isinstance(each, dict)]  # read and judged by their check
    for url in (*(each.url for each in profile.steps), *(each.get("url") for each in written)):
        yield from _secrets(dict(parse_qsl(urlsplit(url).query)) if isinstance(url, str) else {})
    for fields in (*(each.fields for each in profile.steps), *(each.get("fields") for each in written)):
        yield from _secrets(fields if isinstance(fields, Mapping) else {})


def _secrets(values: Mapping[str, object]) -> Iterator[str]:
    for name, value in values.items():
        for part in re.split(r"\{\w+\}", str(value)):
            named = _OF_SECRETS.search(re.sub(r"[_.]", " ", name)) is not None
            by_chance = re.search(r"\d", part) and re.search("[A-Za-z]", part) and "/" not in part
            if len(part) >= LEAST if named else by_chance and len(part) >= LEAST_UNNAMED:
                yield part
