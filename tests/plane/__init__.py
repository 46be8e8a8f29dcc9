import pytest

pytest.register_assert_rewrite(
    *(
        f"tests.plane.cases_{name}"
        for name in ("receiving", "binding", "forwarding", "replaying", "answering", "switching", "reading")
    )
)
