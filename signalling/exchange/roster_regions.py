"""The regions of a roster: a tree whose parts may come in any order, merged into the one the database has."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from signalling.db.places import Region
from signalling.exchange.report import Report
from signalling.exchange.roster_changes import Changes
from signalling.exchange.roster_known import Known
from signalling.exchange.roster_read import Roster

FILE = "orgs.csv"
MAX_DEPTH = 10
"""So many ids of 16 characters and their slashes fit into a path's 200 characters."""


def plan_regions(
    roster: Roster, known: Known, report: Report, changes: Changes, ids: Callable[[], str]
) -> Mapping[str, str]:
    """:returns: sourcedId → id of every region of the roster that is not refused."""
    rows = {source: org for source, org in roster.orgs.items() if org.kind == "region"}
    taken: dict[str, str] = {}
    for source, org in rows.items():
        existing = known.regions.get(source)
        if existing is None and known.schools.get(source) is not None:
            report.refuse(FILE, org.row, "cannot_change", "type", value=source, was="school", kind="region")
        elif not org.active and existing is not None:
            report.refuse(FILE, org.row, "cannot_delete", "status", value=org.name)
        elif not org.active:
            report.of(FILE).skipped += 1
        else:
            taken[source] = existing.id if existing else ids()

    parents: dict[str, str | None] = {id: row.parent for id, row in known.regions.by_id.items()}
    before = -1
    while before != len(taken):  # a region that goes takes those below it along
        before = len(taken)
        for source in list(taken):
            org = rows[source]
            if not org.parent or org.parent in roster.nations:
                parents.setdefault(taken[source], None)  # what the database says is above it stays there
                continue
            above = known.regions.get(org.parent)
            parent = taken.get(org.parent) or (above.id if above else None)
            if parent is not None:
                parents[taken[source]] = parent
            else:
                above_is_school = org.parent in roster.orgs and org.parent not in rows
                above_is_school = above_is_school or known.schools.get(org.parent) is not None
                code = "not_a_region" if above_is_school else "unknown_reference"
                report.refuse(FILE, org.row, code, "parentSourcedId", value=org.parent, file=FILE)
                del taken[source]

    paths = {id: _path(id, parents) for id in parents}
    for source in [source for source, id in taken.items() if paths[id] is None]:
        report.refuse(FILE, rows[source].row, "circle", "parentSourcedId", value=source, limit=MAX_DEPTH)
        del taken[source]

    mine = {id: source for source, id in taken.items()}
    for id in sorted(parents, key=lambda id: len(paths[id] or "")):  # parents first
        existing = known.regions.by_id.get(id)
        path = paths[id]
        if path is None:
            continue
        if id not in mine:
            if existing is not None:
                changes.update(Region, existing, path=path)  # something above it moved
            continue
        source = mine[id]
        org = rows[source]
        wanted = {"parent": parents[id], "name": org.name, "kind": org.sort, "path": path}
        if existing is None:
            changes.inserts[Region].append({"id": id, "source": source, **wanted})
            report.of(FILE).created += 1
        elif changes.update(Region, existing, **wanted):
            report.of(FILE).changed += 1
        else:
            report.of(FILE).unchanged += 1
    return taken


def _path(id: str, parents: Mapping[str, str | None]) -> str | None:
    """Ids from the root to `id`; None when they lead back or are too many."""
    path, at = f"/{id}/", id
    for _ in range(MAX_DEPTH):
        if at not in parents:
            return None
        above = parents[at]
        if above is None:
            return path
        path, at = f"/{above}{path}", above
    return None
