"""What the model of the tests understands: a closed list. Another phrase is heard as a wrong one of these."""

from __future__ import annotations

from pathlib import Path

MODEL = Path(__file__).parent / "model"

ZH = tuple(
    """
    光合作用 叶绿体 细胞分裂 二氧化碳 氧气 水分子 化学反应 二次函数 一次函数 三角形的面积 勾股定理 直角坐标系
    平行四边形 圆的周长 解方程 分数的加法 小数点 正比例 概率 牛顿第一定律 摩擦力 加速度 重力 电流和电压 欧姆定律
    光的折射 声音的传播 唐诗三百首 文言文 古诗词 课文的中心思想 比喻和拟人 作文 汉字 拼音 标点符号 长江和黄河
    地球的自转 太阳系 季风气候 丝绸之路 秦始皇 辛亥革命 改革开放 请打开课本 同学们好 老师好 下课 上课 现在开始上课
    我们来看黑板 第一单元 第二单元 第三单元 第十二页 请看大屏幕 请举手回答 谁来回答这个问题 非常好 回答正确
    再想一想 大家明白了吗 小组讨论 请安静 做练习题 今天的作业 考试重点 复习一下 记笔记 注意听讲 我们休息十分钟
    下节课再见 跟我一起读 打开练习册 请坐 谢谢大家
    """.split()
)
EN = (
    "photosynthesis",
    "open your books",
    "quadratic function",
    "good morning class",
    "look at the blackboard",
    "any questions",
    "repeat after me",
    "well done",
    "homework for today",
    "chapter three",
    "gravity",
    "listen carefully",
    "the water cycle",
    "chemical reaction",
    "class is over",
    "please sit down",
)
ALL = (*ZH, *EN)
