"""The OpenAPI document names every operation of this part."""

from __future__ import annotations

import pytest

from tests.rest.office import Office

OPERATIONS = """
GET /forms
GET,POST /bookings
POST /bookings/check
GET,PATCH /bookings/{booking}
POST /bookings/{booking}/approve
POST /bookings/{booking}/refuse
POST /bookings/{booking}/withdraw
POST /bookings/{booking}/move
POST /bookings/{booking}/cancel
POST /bookings/{booking}/leave-out
POST /bookings/{booking}/substitute
POST /bookings/{booking}/substitute-assistant
GET /lessons/mine
GET,PATCH /lessons/{lesson}
POST /lessons/{lesson}/pass
POST /lessons/{lesson}/move
POST /lessons/{lesson}/cancel
POST /lessons/{lesson}/substitute
POST /lessons/{lesson}/substitute-assistant
POST /lessons/{lesson}/make-up
POST /lessons/{lesson}/extend
GET /week
POST /free
GET /notices
GET /notices/count
POST /notices/read
GET /ledger
GET /ledger/items
GET /ledger.csv
GET /ledger/items.csv
GET /lessons/{lesson}/evidence
GET,POST /lessons/{lesson}/rating
GET /schools/{school}/quality
POST,DELETE /me/feed
GET,DELETE /schools/{school}/feed
GET,DELETE /classrooms/{classroom}/feed
GET /feeds/person/{token}.ics
GET /feeds/classroom/{classroom}/{token}.ics
GET /feeds/school/{school}/{token}.ics
"""
CREATING = {"/bookings", "/lessons/{lesson}/make-up"}


async def test_every_operation_is_in_the_document(office: Office) -> None:
    paths = (await (await office.http.get("/api/v1/openapi.json")).json())["paths"]
    ids = set()
    for line in OPERATIONS.split("\n")[1:-1]:
        methods, path = line.split(" ")
        for method in methods.lower().split(","):
            operation = paths[f"/api/v1{path}"][method]
            assert operation["summary"] and operation["operationId"] not in ids
            ids.add(operation["operationId"])
            headers = {it["name"] for it in operation["parameters"] if it["in"] == "header"}
            assert ("Idempotency-Key" in headers) == (method == "post" and path in CREATING)


@pytest.mark.parametrize("path", ["/week?view=school&id=s0", "/lessons/mine", "/notices", "/ledger?since=1&until=2"])
async def test_strangers_see_nothing(office: Office, path: str) -> None:
    answer = await office.http.get(f"/api/v1{path}")
    assert (answer.status, (await answer.json())["code"]) == (401, "signed_out")
