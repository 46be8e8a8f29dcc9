"""Lesson resources as a province would have them: Chinese words by Zipf's law, subjects with words of their own, units,
speech of some hundred to some thousand characters, slides. The same number gives the same resource."""

from __future__ import annotations

import datetime as dt
import functools
import itertools
import random
from collections.abc import Sequence

from pypinyin.phrases_dict import phrases_dict

from recorder.search.document import Record, Shown, Spoken

WORDS = 40_000
OF_SUBJECT = 600
"""Words that a subject has as its own, a third of what is said in it."""
UNITS = 60
SCHOOLS, COUNTIES = 1645, 90
MEDIAN_CHARACTERS = 1100
SPREAD = 0.7
"""Of the logarithm of a lesson's characters."""
LEAST, MOST = 200, 8000
TAUGHT = {
    "数学": "勾股定理 二次函数 一元一次方程 平行四边形 分数乘法 圆的面积 因式分解 概率 统计图 三角形 负数 比例 面积",
    "语文": "静夜思 背影 文言文 古诗词 修辞手法 阅读理解 作文 识字 岳阳楼记 拼音 标点符号 散文 小说 成语",
    "英语": "一般现在时 过去时 定语从句 听力 单词 被动语态 口语 字母 介词 阅读 对话 音标 冠词 动词",
    "物理": "牛顿第一定律 浮力 欧姆定律 电路 压强 杠杆 凸透镜 声音 温度 比热容 功率 机械能 磁场 惯性",
    "化学": "氧气 化学方程式 元素周期表 酸碱盐 溶液 金属 质量守恒定律 燃烧 分子 原子 离子 催化剂 二氧化碳 水",
    "生物": "细胞 光合作用 呼吸作用 遗传 生态系统 食物链 显微镜 植物 动物 人体 血液循环 基因 进化 种子",
    "历史": "秦始皇 丝绸之路 辛亥革命 鸦片战争 唐朝 科举制 改革开放 工业革命 文艺复兴 抗日战争 长征 商鞅变法 隋唐 明清",
    "地理": "地球自转 经纬网 等高线 长江 黄河 季风 气候 人口 青藏高原 板块 北方地区 农业 工业 自然灾害",
    "科学": "磁铁 沉与浮 简单电路 蚕 月相 岩石 天气 热传导 种子发芽 声音的传播 杠杆的科学 空气 水循环 地震",
    "音乐": "茉莉花 节奏 音阶 合唱 五线谱 民歌 二胡 京剧 旋律 乐器 歌唱 摇篮曲 交响乐 简谱",
    "美术": "水墨画 剪纸 色彩 素描 透视 版画 陶艺 书法 校园风景 民间艺术 线条 构图 年画 对称",
    "信息科技": "算法 循环结构 数据 互联网 编程 机器人 信息安全 变量 表格 人工智能 图形化编程 二进制 搜索 传感器",
}
"""What lessons are about: the commonest words of their subject."""
SUBJECTS = list(TAUGHT)
GRADES = [f"{grade}年级" for grade in "一二三四五六七八九"]
FORMS = ("delivered", "master", "channel", "dual", "same")
SPOKEN_FIRST = (
    "的 了 我们 是 这个 一个 大家 看 就 说 在 有 什么 同学 好 那么 那 它 也 不 你 来 这 可以 老师 还 怎么 再 请 和 对 "
    "所以 问题 学习 今天 现在 知道 一下 下面 第一 因为 如果 这里 时候 一起 回答 注意 图 题 本 课 黑板 首先 最后"
).split()
ALPHABET = "ABC abc x y Unit model Wi-Fi Python DNA pH GDP apple because Beijing lesson".split()
FIRST = dt.date(2021, 9, 1)


@functools.cache
def vocabulary() -> tuple[list[str], list[float]]:
    """Words in the order of how common they are, and cumulated weights: 1 / rank."""
    known = sorted(word for word in phrases_dict if 2 <= len(word) <= 4)
    rest = random.Random(5).sample(known, min(WORDS, len(known)))
    words = [*SPOKEN_FIRST, *(word for word in rest if len(word) == 2), *(word for word in rest if len(word) > 2)]
    return words, list(itertools.accumulate(1 / (rank + 3) for rank in range(len(words))))


@functools.cache
def words_of(subject: str) -> tuple[list[str], list[float]]:
    chance = random.Random(subject)
    taught = TAUGHT[subject].split()
    words = [*taught, *chance.sample(vocabulary()[0][len(SPOKEN_FIRST) :], OF_SUBJECT - len(taught))]
    return [*words, *ALPHABET], list(itertools.accumulate(1 / (rank + 3) for rank in range(OF_SUBJECT + len(ALPHABET))))


def name(number: int) -> str:
    return f"r{number:08}"


def resource(number: int) -> Record:
    chance = random.Random(number)
    subject = chance.choice(SUBJECTS)
    own, weights = words_of(subject)
    unit = chance.randrange(UNITS)
    topics = [own[unit % 13], *(own[(unit * 7 + offset) % 60] for offset in range(3))]
    county = chance.randrange(COUNTIES)
    school = county + COUNTIES * chance.randrange(SCHOOLS // COUNTIES)
    day = FIRST + dt.timedelta(chance.randrange(1900))
    characters = int(min(MOST, max(LEAST, chance.lognormvariate(7.0, SPREAD) * MEDIAN_CHARACTERS / 1097)))
    speech = _speech(chance, subject, topics, characters)
    slides = tuple(
        Shown(60_000 * page, f"slide-{page}", "\n".join(chance.choices(own, cum_weights=weights, k=9)))
        for page in range(chance.randrange(4, 14))
    )
    rights = chance.choices(("public", f"county:c{county}", f"school:s{school}"), (0.5, 0.35, 0.15))[0]
    return Record(
        **{"id": name(number), "version": 1, "kind": "lesson", "day": day, "subject": subject, "made": number},
        **{"allow": frozenset((rights, "system", f"region:c{county}", "region:p"))},
        **{"title": f"{topics[0]}与{topics[1]}（第{chance.randrange(1, 4)}课时）", "points": tuple(topics[1:])},
        **{"unit": f"第{unit % 9 + 1}单元 {topics[0]}", "description": "".join(speech[:2])[:120].replace("，", "")},
        **{"grade": chance.choice(GRADES), "form": chance.choice(FORMS), "textbook": "人教版"},
        **{"term": f"{day.year}", "teacher": f"t{school}x{number % 40}", "teacher_name": f"教师{number % 400}"},
        **{"school": f"s{school}", "school_name": f"第{school}小学", "regions": ("p", f"c{county}")},
        **{"has": ("transcript", "captions", "slides"), "length_ms": 2_400_000, "poster": "poster"},
        speech=tuple(Spoken(2_400_000 * line // len(speech), text) for line, text in enumerate(speech)),
        slides=slides,
    )


def _speech(chance: random.Random, subject: str, topics: Sequence[str], characters: int) -> list[str]:
    """Lines of some ten to thirty characters."""
    common, weights = vocabulary()
    own, own_weights = words_of(subject)
    count = characters // 2 + 8
    said = chance.choices(common, cum_weights=weights, k=count)
    said[::3] = chance.choices(own, cum_weights=own_weights, k=len(said[::3]))
    for place in chance.sample(range(count), min(count, 12)):
        said[place] = chance.choice(topics)
    lines: list[str] = []
    at, left = 0, characters
    while left > 0 and at < count:
        step = chance.randrange(5, 14)
        lines.append(f"{''.join(said[at : at + step])}，")
        left -= len(lines[-1])
        at += step
    return lines
