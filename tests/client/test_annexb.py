"""NAL units of H.264 byte streams."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from signalling.client.annexb import ParameterSets, join_nals, split_nals

SPS_0, SPS_1 = b"\x67\x42\xe0\x1f\x96\x54", b"\x67\x42\xe0\x1f\x56\x54"
PPS_0, PPS_1 = b"\x68\xce\x3c\x80", b"\x68\x5e\x3c\x80"
IDR, SLICE, AUD = b"\x65\x88\x84\x21", b"\x41\x9a\x02", b"\x09\xf0"

nals = st.binary(min_size=1, max_size=40).filter(lambda nal: nal[-1] != 0 and b"\0\0" not in nal)


@given(st.lists(nals, max_size=6))
def test_joined_nals_split_again(units: list[bytes]) -> None:
    assert split_nals(join_nals(units)) == units


@given(st.binary(max_size=200))
def test_any_bytes_split_without_empty_units(stream: bytes) -> None:
    assert all(split_nals(stream))


def test_start_codes_of_both_lengths_and_trailing_zeros() -> None:
    assert split_nals(b"\0\0\1" + SLICE + b"\0\0\0\1" + IDR + b"\0\0\0") == [SLICE, IDR]


def test_sets_from_the_container_come_before_each_idr_picture() -> None:
    sets = ParameterSets(join_nals([SPS_0, PPS_0]))
    assert sets.complete([IDR]) == [SPS_0, PPS_0, IDR]
    assert sets.complete([SLICE]) == [SLICE]
    assert sets.complete([AUD, IDR, IDR]) == [AUD, SPS_0, PPS_0, IDR, IDR]


def test_sets_of_the_stream_replace_older_ones_with_their_number() -> None:
    sets = ParameterSets(join_nals([SPS_0, PPS_0]))
    newer = SPS_0[:-1] + b"\x55"
    assert sets.complete([newer, PPS_0, IDR]) == [newer, PPS_0, IDR]
    assert sets.complete([IDR]) == [newer, PPS_0, IDR]


def test_sets_with_other_numbers_are_kept_beside() -> None:
    sets = ParameterSets()
    assert sets.complete([SPS_0, SPS_1, PPS_0, PPS_1]) == [SPS_0, SPS_1, PPS_0, PPS_1]
    assert sorted(sets.complete([IDR])[:-1]) == sorted([SPS_0, SPS_1, PPS_0, PPS_1])


@given(st.lists(st.binary(min_size=1, max_size=30), max_size=10))
def test_hostile_sets_are_bounded_and_never_raise(units: list[bytes]) -> None:
    sets = ParameterSets()
    for unit in units:
        assert sets.complete([unit])[-1] == unit
