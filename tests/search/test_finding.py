"""What a teacher types, and what she is shown: words, pinyin, mistakes, marks, order."""

import datetime as dt

import pytest

from recorder.search.document import Shown
from recorder.search.searching import Filters, Library, Suggestion
from tests.search.corpus import DAY, PUBLIC, fill, record, said

RECORDS = [
    record(
        *("triangle", "直角三角形（第一课时）"),
        points=("勾股定理",),
        speech=said("同学们好", "今天学习勾股定理，看△ABC", "古希臘的 Pythagoras 也證明過", "勾股定理怎么证明呢"),
        slides=(Shown(9000, "slide-1", "直角三角形\n斜边"), Shown(70_000, "slide-2", "勾股\n定理的证明")),
        description="从拼图出发",
        teacher_name="教师甲",
        school_name="第一小学",
        subject="数学",
    ),
    record("function", "二次函數的图像", speech=said("函数的图像是抛物线"), subject="数学", day=DAY + dt.timedelta(1)),
    record("english", "Unit 3 Colours and Animals", speech=said("This is a crocodile."), subject="英语"),
    record("poem", "静夜思", description="床前明月光，疑是地上霜。", points=("古诗", "思乡"), subject="语文"),
    record("strategy", "女子排球策略", speech=said("率先得分")),
    record("hidden", "勾股数的秘密", allow=frozenset({"school:x"}), points=("毕达哥拉斯定理",)),
]


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("index")
    fill(folder, RECORDS)
    return Library(folder)


FOUND = {
    "勾股": ["triangle"],
    "股定": ["triangle"],
    "函数": ["function"],
    "函數": ["function"],
    "角": ["triangle"],
    "月": ["poem"],
    "勾股定理怎么证明": ["triangle"],
    "定理 三角形": ["triangle"],
    "三角形 函数": [],
    '"勾股定理怎么证明"': ["triangle"],
    '"证明勾股定理"': [],
    "「床前明月光」": ["poem"],
    '"定理 看 abc"': ["triangle"],
    '"定理 abc"': [],
    '"同学们好 今天"': [],  # two lines
    "数学 -函数": ["triangle"],
    '-数学 -"unit 3"': ["poem", "strategy"],
    "gougudingli": ["triangle"],
    "gōu gǔ dìng lǐ": ["triangle"],
    "gou gu": ["triangle"],
    "ggdl": ["triangle"],
    "gougud": ["triangle"],
    "jingyesi": ["poem"],
    "paowuxian": ["function"],  # said, in no title
    "jys": ["poem"],
    "shuxue hanshu": ["function"],
    "celue": ["strategy"],
    "celve": ["strategy"],
    "cèlüè": ["strategy"],
    "nvzi": ["strategy"],
    "nǚ zǐ": ["strategy"],
    "nüzi paiqiu": ["strategy"],
    "nuzi": [],
    "第一小学": ["triangle"],
    "crocodile": ["english"],
    "CROCODILE": ["english"],
    "crocodlie": ["english"],
    "crocodi": ["english"],
    "crokodyle": ["english"],
    "corcodyles": [],
    "animal": ["english"],
    "ｕｎｉｔ　３": ["english"],
    "unit 4": [],
    "pythagoras 证明": ["triangle"],
    "abc": ["triangle"],
    "abd": [],
    "AND": ["english"],
    "title:勾股": [],
    "勾股*": ["triangle"],
    "的": ["function", "triangle"],
    "(((": [],
    "秘密": [],
}


@pytest.mark.parametrize("typed", FOUND)
def test_what_is_typed_is_found(library, typed):
    assert sorted(hit.id for hit in library.search(typed, PUBLIC).hits) == FOUND[typed]


@pytest.mark.parametrize("typed", ["正方形", '"正方形"', "zhengfangxing", "长方 正方形", "正方形 -方体"])
def test_a_word_is_not_found_where_only_its_pairs_are(tmp_path, typed):
    apart = record("apart", "长方形与正方体", speech=said("长方形的正方体"))
    fill(tmp_path, [apart, record("whole", "长方体", speech=said("正方形")), record("other", "正方形")])
    found = Library(tmp_path).search(typed, PUBLIC, Filters({"kind": ("lesson",)}))
    expected = {"长方 正方形": {"whole"}, "正方形 -方体": {"other"}}.get(typed, {"whole", "other"})
    assert {hit.id for hit in found.hits} == expected and found.total == len(expected)
    assert [it.count for it in found.facets["kind"]] == [len(expected)]


def test_nothing_typed_shows_the_newest_first(library):
    hits = library.search("  ", PUBLIC).hits
    assert hits[0].id == "function"
    assert len(hits) == 5


MEANT = {
    "gougudinli": "勾股定理",
    "钩股定理": "勾股定理",
    "crokodailz": "crocodile",
    "床前 crokodailz": "",  # nothing has both
    "bidagelasidinli": "",  # what was meant is not shared with her
    "勾股": "",
    "qqqqqqqq": "",
}


@pytest.mark.parametrize("typed", MEANT)
def test_what_may_have_been_meant_is_said_where_it_finds_something(library, typed):
    assert library.search(typed, PUBLIC).did_you_mean == MEANT[typed]


def marked(text, marks):
    units = text.encode("utf-16-le")
    return [units[2 * start : 2 * end].decode("utf-16-le") for start, end in marks]


def test_a_hit_says_where_it_is(library):
    [hit] = library.search("勾股定理 pythagoras 三角形", PUBLIC).hits
    assert marked(hit.shown["title"], hit.title_marks) == ["三角形"]
    assert [(it.at_ms, marked(it.text, it.marks)) for it in hit.spoken] == [
        (10_000, ["勾股定理"]),
        (20_000, ["Pythagoras"]),
        (30_000, ["勾股定理"]),
    ]
    assert [(it.at_ms, it.image, marked(it.text, it.marks)) for it in hit.slides] == [(9000, "slide-1", ["三角形"])]
    assert marked(*hit.snippet) == ["勾股定理"]


def test_marks_are_of_what_is_shown_not_of_what_is_compared(library):
    [hit] = library.search("「也证明过」 古希腊", PUBLIC).hits
    [spot] = hit.spoken
    assert marked(spot.text, spot.marks) == ["古希臘", "也證明過"]
    [hit] = library.search("ggdl", PUBLIC).hits
    assert marked(*hit.spoken[0][1:3]) == ["勾股定理"]
    [hit] = library.search("crocodlie", PUBLIC).hits
    assert marked(*hit.spoken[0][1:3]) == ["crocodile"]


def test_marks_count_as_browsers_count(tmp_path):
    fill(tmp_path, [record("a", "𠀀𠀁勾股", speech=said("㎡ 𠀀 勾股"))])
    [hit] = Library(tmp_path).search("勾股", PUBLIC).hits
    assert hit.title_marks == [[4, 6]]
    assert hit.spoken[0].marks == [[5, 7]]


def test_a_long_text_is_cut_around_what_was_found(tmp_path):
    text = "很久以前" * 100 + "勾股定理" + "从此以后" * 100
    fill(tmp_path, [record("a", description=text, speech=said(text))])
    [hit] = Library(tmp_path).search("勾股", PUBLIC).hits
    for excerpt in (hit.snippet, hit.spoken[0][1:3]):
        assert marked(*excerpt) == ["勾股"]
        assert len(excerpt[0]) < 130 and excerpt[0][0] == excerpt[0][-1] == "…"


def test_of_many_spoken_hits_those_with_most_of_the_words_are_shown(tmp_path):
    lines = ["勾股"] * 10 + ["勾股和证明"] + ["证明"] * 10
    fill(tmp_path, [record("a", speech=said(*lines))])
    [hit] = Library(tmp_path).search("勾股 证明", PUBLIC).hits
    assert [it.at_ms for it in hit.spoken] == [0, 10_000, 100_000]


def test_titles_before_points_before_slides_before_speech_and_near_words_first(tmp_path):
    other = "函数与图像"
    texts = {"title": other, "points": (other,), "speech": said(other), "slides": (Shown(0, "slide-1", other),)}
    here = {"title": "勾股定理", "points": ("勾股定理",), "speech": said("勾股定理")}
    here["slides"] = (Shown(0, "slide-1", "勾股定理"),)
    fill(
        tmp_path,
        [
            *(record(name, **{**texts, name: here[name]}) for name in texts),
            record("apart", speech=said("证明三角形", "几何图形"), subject="数学"),
            record("near", speech=said("三角形几何证明", "图形"), subject="数学"),
        ],
    )
    library = Library(tmp_path)
    assert [hit.id for hit in library.search("勾股定理", PUBLIC).hits] == ["title", "points", "slides", "speech"]
    assert [hit.id for hit in library.search("几何证明", PUBLIC).hits] == ["near", "apart"]


def test_of_two_alike_the_newer_one_is_first_and_age_matters_less_than_words(tmp_path):
    old, new = DAY - dt.timedelta(2000), DAY
    fill(
        tmp_path,
        [
            *(record("old", "勾股定理", day=old), record("new", "勾股定理", day=new)),
            record("said", speech=said("勾股定理"), day=new + dt.timedelta(9)),
        ],
    )
    library = Library(tmp_path)
    assert [hit.id for hit in library.search("勾股定理", PUBLIC).hits] == ["new", "old", "said"]
    assert [hit.id for hit in library.search("勾股定理", PUBLIC, sort="new").hits] == ["said", "new", "old"]


def test_pages_follow_one_another(tmp_path):
    fill(tmp_path, [record(f"r{number:02}", "勾股定理", made=number) for number in range(60)])
    library = Library(tmp_path)
    pages = [[hit.id for hit in library.search("勾股", PUBLIC, page=page, sort="new").hits] for page in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [24, 24, 12, 0]
    assert [id for page in pages for id in page] == [f"r{number:02}" for number in reversed(range(60))]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("勾", [Suggestion("勾股定理", "point")]),
        ("ggd", [Suggestion("勾股定理", "point")]),
        ("jiaoshij", [Suggestion("教师甲", "teacher")]),
        ("二次函数", [Suggestion("二次函數的图像", "title")]),
        ("数", [Suggestion("数学", "subject")]),
        ("UNIT", [Suggestion("Unit 3 Colours and Animals", "title")]),
        ("毕达", []),
        ("|", []),
        ("", []),
    ],
)
def test_what_begins_so_is_suggested(library, typed, expected):
    found = library.suggest(typed, PUBLIC)
    assert [it._replace(ids=()) for it in found] == expected
    assert all(it.ids for it in found)
