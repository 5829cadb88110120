"""What is read from a body and what is refused; honest or hostile, nothing raises anything but Malformed."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.bodies import Malformed, read_play, read_share

PLAY = {"trackEntryKey": "harbour-lights", "bucket": "complete"}
SHARE = {"targetType": "release", "targetKey": "night-ferry", "channel": "link"}


def body(**fields: object) -> bytes:
    return json.dumps(PLAY | fields).encode()


@pytest.mark.parametrize("bucket", ["partial", "sampled", "complete"])
def test_each_bucket_is_read(bucket: str) -> None:
    assert bucket == read_play(body(bucket=bucket)).bucket


def test_a_share_is_read() -> None:
    share = read_share(json.dumps(SHARE).encode())
    assert ("release", "night-ferry", "link") == (share.targetType, share.targetKey, share.channel)


@pytest.mark.parametrize(
    "extra",
    [
        {"releaseEntryKey": "night-ferry", "medium": "cut"},
        {"anonId": None, "via": None},
        {"nested": {"a": [1, 2]}},
        {"note": "a:b:c"},
    ],
)
def test_unknown_and_empty_fields_are_ignored(extra: dict[str, object]) -> None:
    assert "harbour-lights" == read_play(body(**extra)).trackEntryKey


@pytest.mark.parametrize("key", ["x", "ü" * 100, "a/b//c", "key:with:colons", "\U0001f3b5", 'quo"te', "\x1f"])
def test_any_text_of_1_to_200_bytes_is_a_key(key: str) -> None:
    assert key == read_play(body(trackEntryKey=key)).trackEntryKey


@pytest.mark.parametrize(
    ("refused", "sentence"),
    [
        (b"", "not valid JSON"),
        (b"{", "not valid JSON"),
        (b"[]", "Expected"),
        (b"null", "Expected"),
        (b"\xef\xbb\xbf" + body(), "not valid JSON"),
        (body().replace(b"harbour", b"\xff"), "UTF-8"),
        (body(note="x").replace(b'"x"', b'"\xff"'), "UTF-8"),
        (body() + b"{}", "not valid JSON"),
        (b'{"bucket": "complete"}', "trackEntryKey"),
        (b'{"trackEntryKey": "x"}', "bucket"),
        (body(bucket="half"), '"partial", "sampled" or "complete"'),
        (body(bucket=1), "bucket"),
        (body(trackEntryKey=1), "trackEntryKey"),
        (body(trackEntryKey=None), "trackEntryKey"),
        (body(trackEntryKey=""), "1 to 200 bytes"),
        (body(trackEntryKey="ü" * 101), "has 202 bytes"),
        (body(trackEntryKey="a\x00b"), "NUL"),
        (body(anonId="me"), "anonId"),
        (body(anonId=7), "anonId"),
        (body(via="mail"), "via"),
        (body(eventId="1"), "eventId"),
        (b'{"trackEntryKey":"a","bucket":"partial","bucket":"complete"}', "twice"),
        (b'{"trackEntryKey":"a","bucket":"partial","b\\u0075cket":"complete"}', "twice"),
        (b'{"trackEntryKey":"a","bucket":"partial","x":{"y":1,"y":2}}', "twice"),
        (b'{"trackEntryKey":"\\ud800","bucket":"partial"}', "not valid JSON"),
        (body(x=[[[[[1]]]]]), "nested"),
        (b'{"trackEntryKey":"a","bucket":"partial","x":' + b"[" * 900 + b"]" * 900 + b"}", "nested"),
        (b"[" * 2000, "Expected"),
    ],
)
def test_a_refusal_says_what_to_mend(refused: bytes, sentence: str) -> None:
    with pytest.raises(Malformed, match=sentence):
        read_play(refused)


@given(st.binary(max_size=2048))
def test_any_bytes_are_read_or_malformed(garbage: bytes) -> None:
    for read in (read_play, read_share):
        with contextlib.suppress(Malformed):
            read(garbage)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from([*PLAY, "anonId", "via", "eventId", "other"]), json_values))
def test_any_object_is_read_or_malformed(fields: dict[str, object]) -> None:
    with contextlib.suppress(Malformed):
        read_play(json.dumps(PLAY | fields).encode())
