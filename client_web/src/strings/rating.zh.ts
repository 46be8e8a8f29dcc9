/** The short form after a lesson; its questions come from the server. */

export const zh = {
  "rating.title": "给这节课打分",
  "rating.say": "半分钟就好，帮助改进下一节课。",
  "rating.star": "{n} 分",
  "rating.stars.low": "差",
  "rating.stars.high": "好",
  "rating.yes": "是",
  "rating.no": "否",
  "rating.text": "可以不填",
  "rating.send": "提交",
  "rating.sending": "正在提交……",
  "rating.thanks": "谢谢，已经收到。",
  "rating.given": "您已经评价过这节课。",
  "rating.closed": "这节课现在不能评价。",
  "rating.failed": "没有提交成功，请再试一次。{detail}",
  "rating.loading": "正在取评价表……",
  "rating.some": "至少回答一个问题再提交。",
} as const satisfies Record<string, string>;

export type RatingKey = keyof typeof zh;
