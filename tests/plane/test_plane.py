"""One class of cases over every packet plane: the same input gives the same bytes, events and counters."""

from __future__ import annotations

from tests.plane import cases_binding as binding
from tests.plane import cases_forwarding as forwarding
from tests.plane import cases_receiving as receiving
from tests.plane.cases_answering import Answering
from tests.plane.cases_consent import AnsweringConsent
from tests.plane.cases_overuse import NoticingOveruse
from tests.plane.cases_reading import Agreeing, InOnePiece, Tapping
from tests.plane.cases_relaying import Relaying
from tests.plane.cases_replaying import Replaying
from tests.plane.cases_reports import ReadingReports
from tests.plane.cases_switching import Switching


class TestPlane(
    receiving.Demultiplexing,
    receiving.Authenticating,
    receiving.Numbering,
    binding.Binding,
    binding.Repairing,
    binding.Measuring,
    forwarding.Rewriting,
    forwarding.Refusing,
    forwarding.Reporting,
    forwarding.Removing,
    AnsweringConsent,
    NoticingOveruse,
    ReadingReports,
    Relaying,
    Replaying,
    Answering,
    Switching,
    Tapping,
    InOnePiece,
    Agreeing,
):
    """Parametrised over `conftest.PLANES`. The cases are methods of its bases, by subject."""
