"""How each operation for people who are signed in is asked for, and of what its right is: one case for each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from signalling.people.roles import TABLE, Chain, Grant, allowed
from signalling.rest.operation import Operation
from tests.booking.county import TUESDAY
from tests.rest.fuzz.scene import Scene
from tests.rest.office import body, plan

Target = tuple[str, str]
"""Kind and name of a thing, as `scopes.find` takes them; the name is one of the walk's ids."""
SCHOOL: Target = ("school", "school")
CLASSROOM: Target = ("classroom", "classroom")
SYSTEM: Target = ("system", "")
RESOURCE: Target = ("resource", "resource")
SPAN = "since=1700000000&until=1720000000"
TABLE_CSV = {"data": b"x", "headers": {"Content-Type": "text/csv"}}


@dataclass(frozen=True)
class Case:
    """:ivar query: with ids in braces. :ivar rights: those one of which is needed; empty: the operation's own.
    :ivar of: what for, of one of which they are needed; empty: of what the operation says.
    :ivar lists: shown is what one may see, to whoever has the role in a scope of one of these kinds.
    :ivar everybody: it is about the caller."""

    body: Any = None
    query: str = ""
    rights: tuple[str, ...] = ()
    of: tuple[Target, ...] = ()
    lists: frozenset[str] = frozenset()
    everybody: bool = False
    raw: Any = None

    def allows(self, operation: Operation, grants: Iterable[Grant], chains: dict[tuple[str, Target], Chain]) -> bool:
        """:param chains: (right, target) → what it lies within."""
        if self.everybody:
            return True
        grants = list(grants)
        if self.lists:
            roles = {role for right in self.needed(operation) for role in TABLE[right].roles}
            return any(grant.role in roles and grant.scope.kind in self.lists for grant in grants)
        return any(
            allowed(grants, right, chains[right, target])
            for right in self.needed(operation)
            for target in self.targets(operation)
        )

    def needed(self, operation: Operation) -> tuple[str, ...]:
        return self.rights or (operation.right,)

    def targets(self, operation: Operation) -> tuple[Target, ...]:
        return self.of or ((operation.of, operation.of if operation.of != "system" else ""),)


def body_of(**given: Any) -> Case:
    return Case(body=given)


OWN = Case(everybody=True)
ASKED = Case()
"""Nothing but the path."""
ANYWHERE = frozenset(("system", "region", "school", "classroom"))
BOOKED = body(plan=plan(period=3))
NOW = body_of(version=1)
ENDS = (CLASSROOM, ("classroom", "r1"), ("classroom", "r2"))
APPROVES = Case({"version": 1}, rights=("booking.approve",), of=ENDS)
DAY = TUESDAY.isoformat()

CASES: dict[str, Case] = {
    **dict.fromkeys(("me_read", "bookings_forms", "notices_list", "notices_count", "lessons_mine"), OWN),
    **dict.fromkeys(("feeds_revoke",), OWN),
    "feeds_renew": OWN,
    "me_logout": Case({}, everybody=True),
    "me_change": Case({"language": "en"}, everybody=True),
    "me_password": Case({"old": "herbst", "new": "winter-laterne-zug"}, everybody=True),
    "notices_read": Case({"all": True}, everybody=True),
    "people_all": OWN,
    # places
    **dict.fromkeys(("regions_all", "schools_all", "classrooms_all", "classes_all"), ASKED),
    **dict.fromkeys(("schools_read", "classrooms_read", "regions_remove"), ASKED),
    **dict.fromkeys(("regions_change", "schools_change", "classrooms_change", "classes_change"), body_of(name="改名")),
    "regions_create": Case({"parent": "county", "kind": "county", "name": "新县"}, of=(("region", "region"),)),
    "schools_create": Case(
        {"region": "county", "calendar": "year", "name": "新小学", "kind": "lead"}, of=(("region", "region"),)
    ),
    "classrooms_create": Case({"school": "s0", "name": "新教室", "kind": "lead"}, of=(SCHOOL,)),
    "classes_create": Case({"school": "s0", "name": "一年级1班"}, of=(SCHOOL,)),
    # times
    **dict.fromkeys(("calendars_all", "calendars_read", "calendars_remove_term", "bells_all", "bells_day"), ASKED),
    "calendars_create": Case({"name": "新校历"}, lists=frozenset(("system", "region"))),
    "calendars_change": body_of(name="改名"),
    "calendars_days": body_of(days=[]),
    "calendars_proposal": Case(query="first=2026-01-01&last=2026-02-01"),
    "calendars_add_term": body_of(name="秋", starts="2100-09-01", ends="2101-01-15"),
    "calendars_change_term": body_of(name="春"),
    "bells_replace": body_of(tables=[]),
    # people
    "people_create": Case({"name": "教师甲", "school": "s0"}, of=(SCHOOL,)),
    "people_read": ASKED,
    "people_change": body_of(name="教师乙"),
    "people_password": body_of(password="winter-laterne-zug"),
    "people_grant": Case({"role": "teacher", "kind": "school", "scope": "s0"}, of=(SCHOOL,)),
    "people_revoke": Case(query="role=teacher&kind=school&scope=s0", of=(SCHOOL,)),
    "people_teachers": Case(lists=ANYWHERE),
    # bookings and lessons
    "bookings_create": Case(BOOKED, rights=("booking.request",), of=(CLASSROOM,)),
    "bookings_check": Case(BOOKED, rights=("booking.request",), of=(CLASSROOM,)),
    "bookings_list": Case(query="school=s0", rights=("booking.read",), of=(SCHOOL,)),
    "bookings_approve": APPROVES,
    "bookings_refuse": APPROVES,
    **dict.fromkeys(("bookings_get", "lessons_get", "rating_evidence", "classroom_ready"), ASKED),
    "bookings_edit": body_of(title="四年级数学"),
    "bookings_withdraw": NOW,
    "series_move": body_of(since=DAY, plan=plan(period=2)),
    "series_cancel": NOW,
    "series_leave_out": body_of(day=DAY),
    "series_substitute": body_of(teacher="t00"),
    "series_substitute_assistant": body_of(classroom="r1", assistant=None),
    "lessons_enter": Case({}, rights=("lesson.assist",), of=(("lesson", "lesson"),)),
    "lessons_extend": body_of(minutes=5),
    "lessons_edit": body_of(title="四年级数学"),
    "lessons_move": body_of(plan=plan(period=2)),
    "lessons_cancel": NOW,
    "lessons_substitute": body_of(teacher="t00"),
    "lessons_substitute_assistant": body_of(classroom="r1", assistant=None),
    "lessons_make_up": body_of(plan=plan(period=4)),
    "week_week": Case(query="view=school&id=s0", rights=("booking.read",), of=(SCHOOL,)),
    "week_free": Case(
        {"school": "s0", "resources": ["person:t0"], "minutes": 40, "first": DAY, "last": DAY},
        rights=("booking.request",),
        of=(SCHOOL,),
    ),
    # evidence
    **dict.fromkeys(
        ("ledger_lines", "ledger_items"), Case(query=f"school=s0&{SPAN}", rights=("ledger.read",), of=(SCHOOL,))
    ),
    **dict.fromkeys(
        ("ledger_lines_csv", "ledger_items_csv"),
        Case(query=f"school=s0&{SPAN}", rights=("ledger.export",), of=(SCHOOL,)),
    ),
    "rating_form": Case(rights=("rating.read", "rating.give"), of=(("lesson", "lesson"),)),
    "rating_give": body_of(answers={"sound": 5}),
    **dict.fromkeys(("rating_quality", "rating_weeks", "rating_lessons"), Case(query=SPAN)),
    "audit_all": Case(query="subject=s0", of=(SCHOOL,)),
    "audit_verify": ASKED,
    # the library
    **dict.fromkeys(("librarysearch_search", "librarysearch_suggest"), Case(query="q=%E5%8B%BE", of=(SYSTEM,))),
    # feeds
    **dict.fromkeys(("feeds_school", "feeds_revoke_school", "feeds_classroom", "feeds_revoke_classroom"), ASKED),
    # imports and exports
    "imports_roster": Case(raw={"data": b"x", "headers": {"Content-Type": "application/zip"}}),
    "imports_timetable": Case(query="school=s0", of=(SCHOOL,), raw=TABLE_CSV),
    "imports_days": Case(query="calendar=year", of=(("calendar", "calendar"),), raw=TABLE_CSV),
    "imports_read": Case(of=(SYSTEM,)),
    "imports_report": Case(of=(SYSTEM,)),
    "exports_roster": ASKED,
    "exports_timetable": Case(query=f"school=s0&day={DAY}", of=(SCHOOL,)),
    # library
    "library_mine": OWN,
    "library_link": Case({"title": "链接", "url": "https://example.org/", "school": "s0"}, of=(SCHOOL,)),
    "uploads_upload": Case(query="name=a.pdf&school=s0", of=(SCHOOL,), raw={"data": b"x"}),
    "imports_library": Case(query="school=s0", of=(SCHOOL,), raw=TABLE_CSV),
    "library_read": Case(of=(RESOURCE,)),
    "library_change": Case({"version": 1, "unit": "分数"}, of=(RESOURCE,)),
    "library_remove": Case(of=(RESOURCE,)),
    "library_clip": Case({"title": "片段", "starts_ms": 0, "ends_ms": 5000}, lists=ANYWHERE),
    "library_stop_at": Case({"at_ms": 0}, of=(RESOURCE,)),
    **dict.fromkeys(("transcripts_read", "transcripts_versions", "transcripts_comments"), Case(of=(RESOURCE,))),
    "transcripts_correct": Case({"text": "同学们好", "version": 1}, of=(RESOURCE,)),
    "transcripts_comment": Case({"at_ms": 0, "text": "讲得好"}, of=(RESOURCE,)),
    "transcripts_uncomment": Case(rights=("library.edit",), of=(RESOURCE,)),
    "stages_list": OWN,
    "stages_read": ASKED,
    "stages_retry": Case({}),
    # devices
    "devices_list": Case(lists=ANYWHERE),
    "devices_pair": Case({"code": "000000", "classroom": "r0"}, of=(CLASSROOM,)),
    "devices_add_box": Case({"classroom": "r0", "name": "录播主机", "url": "rtsp://127.0.0.1:1/"}, of=(CLASSROOM,)),
    "devices_change": body_of(name="大屏"),
    **dict.fromkeys(("devices_get", "devices_test", "devices_revoke"), ASKED),
    # recordings
    "recording_get": ASKED,
    "recording_order": Case({"action": "pause"}),
    **dict.fromkeys(("recording_exclude", "recording_include"), ASKED),
    # webhooks
    "webhooks_list": Case(rights=("webhook.read",), lists=ANYWHERE),
    "webhooks_create": Case(
        {"url": "https://receiver.invalid/", "events": ["lesson.open"], "scope": "s0"},
        rights=("webhook.write",),
        of=(SCHOOL,),
    ),
    "webhooks_change": body_of(active=False),
    **dict.fromkeys(("webhooks_remove", "webhooks_renew", "webhooks_ping"), ASKED),
    **dict.fromkeys(("webhooks_deliveries", "webhooks_again"), ASKED),
}


def ids_of(made: Scene) -> dict[str, str]:
    """Parameter of a path → what stands there."""
    return {
        **{"region": "county", "school": "s0", "classroom": "r0", "class": "c0", "calendar": "year", "term": "year"},
        **{"person": "jia", "device": "box", "import": "0", "room": made.lesson, "token": "x"},
        **{"lesson": made.lesson, "booking": made.known["booking"][2], "webhook": made.known["webhook"][0]},
        **{"delivery": made.known["delivery"][0], "participant": made.known["device"][2], "": ""},
        **{name: made.known[name][0] for name in ("resource", "line", "comment")},
    }


OPEN = {
    *("api_openapi", "me_ways", "me_login", "pairing_begin", "pairing_progress"),
    *("feeds_person_ics", "feeds_classroom_ics", "feeds_school_ics", "device_phone"),
}
"""For whoever comes: the document, the way in, and what is signed: calendars, phones."""
