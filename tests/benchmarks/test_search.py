"""The benchmark of the search: what it makes up, what it asks, what it reports."""

from benchmarks import registry, resources, search

FOUND = {kind: {"p50": 1.0, "p95": 4.0, "searches": 9} for kind in (*search.KINDS, "all")}
SIZE = {"one": {**FOUND, "found": 0.8}, "several": {**FOUND, "found": 0.8}}


def test_a_resource_is_the_same_each_time_and_of_a_believable_length():
    made = [resources.resource(number) for number in range(30)]
    assert made[7] == resources.resource(7) != made[8]
    lengths = sorted(sum(len(line.text) for line in it.speech) for it in made)
    assert resources.LEAST <= lengths[0] < 900 < lengths[15] < 2500 < lengths[-1] < resources.MOST + 60


def test_every_kind_of_search_can_be_asked():
    for kind in search.KINDS:
        queries = search._queries(kind, 5, 100)
        assert len(queries) == 5
        assert all(it.get("q", "") != "" for it in queries) is (kind != "newest")


def test_the_estimate_is_a_line_through_the_sizes():
    sizes = {"1000": {**SIZE, "build_s": 10.0, "bytes": 1e7}, "2000": {**SIZE, "build_s": 20.0, "bytes": 2e7}}
    sizes["2000"]["one"] = {**sizes["2000"]["one"], "all": {"p50": 2.0, "p95": 4.0}}
    made = search.estimate(sizes)
    assert round(made["build_h"]) == round(25_000_000 / 100 / 3600)
    assert round(made["gigabytes"]) == 250
    assert round(made["p50"]) == 25_000
    assert round(made["p95"]) == 4  # no growth to be seen
    result = {"sizes": sizes, "estimate": made}
    table, kinds = registry.load("search").grids(result)
    assert [row[0] for row in table.rows] == ["1,000", "2,000", "25,000,000 (estimate)"]
    assert len(kinds.rows) == len(search.KINDS)
