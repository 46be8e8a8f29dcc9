from __future__ import annotations

from hypothesis import given, settings

from mediaserver.rtp import sdp
from tests.sdp_strategies import descriptions


@settings(max_examples=300, deadline=None)
@given(descriptions)
def test_only_sdp_errors_come_out(text):
    try:
        session = sdp.parse(text)
    except sdp.SdpError as error:
        assert str(error).endswith(".") and "\n" not in str(error)
        return
    assert len(session.media) <= sdp.MAX_MEDIA
