from __future__ import annotations

import pytest

from mediaserver.plane.forward import Forwarder
from tests.plane.compiled import CompiledForwarder
from tests.plane.helpers import SETTINGS, PlaneFactory, World

PLANES: dict[str, PlaneFactory] = {"native": CompiledForwarder, "reference": Forwarder}
"""Every plane's core. All of them are held to the same cases."""


@pytest.fixture(params=sorted(PLANES))
def make_plane(request: pytest.FixtureRequest) -> PlaneFactory:
    return PLANES[request.param]


@pytest.fixture
def world(make_plane: PlaneFactory) -> World:
    return World(make_plane(SETTINGS))


@pytest.fixture
def elsewhere(make_plane: PlaneFactory) -> World:
    """Another plane of the same kind."""
    return World(make_plane(SETTINGS))
