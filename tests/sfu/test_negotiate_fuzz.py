from __future__ import annotations

import itertools

from hypothesis import given, settings

from mediaserver.rtp import sdp
from mediaserver.sfu.answer import build_answer
from mediaserver.sfu.negotiate import plan_publish, plan_subscribe
from tests.sdp_strategies import descriptions
from tests.sfu.test_negotiate_publish import ALL, LOCAL

CODECS = ("H264", "VP8", "VP9", "AV1")


@settings(max_examples=300, deadline=None)
@given(descriptions)
def test_only_sdp_errors_come_out_and_answers_are_readable(text):
    try:
        session = sdp.parse(text)
    except sdp.SdpError:
        return
    fresh = itertools.count(1)
    for plan in (
        lambda: plan_publish(session, video_codecs=CODECS, sources=ALL),
        lambda: plan_subscribe(session, video_codecs=CODECS, allocate=lambda: next(fresh)),
    ):
        try:
            negotiated = plan()
        except sdp.SdpError as error:
            assert str(error).endswith(".") and "\n" not in str(error)
            continue
        answer = sdp.parse(build_answer(negotiated, LOCAL))
        assert len(answer.media) == len(session.media)
        assert [media.mid for media in answer.media] == [media.mid for media in session.media]
        for planned, answered in zip(negotiated.media, answer.media, strict=True):
            assert planned.accepted == (answered.port != 0) == bool(planned.codecs) == (not planned.refusal)
            assert all(1 <= number <= 14 for number in planned.extensions.values())
