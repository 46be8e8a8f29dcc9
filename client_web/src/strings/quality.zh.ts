/** Measured and rated quality, as the pages of a lesson and of a school say it. */

export const qualityZh = {
  "quality.ok": "好",
  "quality.warn": "一般",
  "quality.bad": "差",
  "quality.delay": "延迟 {value}",
  "quality.lossDown": "接收丢包 {value}",
  "quality.loss": "丢包 {value}",
  "quality.lossUp": "发送丢包 {value}",
  "quality.freezes": "卡顿 {value} 次",
  "quality.none": "没有测量数据",
  "quality.legend": "延迟和丢包：95% 的时间优于所列数值。延迟 400 毫秒以内、丢包 2% 以内、每小时卡顿 12 次以内为好；超过 1 秒、5%、30 次为差。",
  "rated.title": "两端评价",
  "rated.question": "问题",
  "rated.lead": "主讲端",
  "rated.receiving": "接收端",
  "rated.stars": "{mean} 分",
  "rated.yes": "{percent} 认为是",
  "rated.answers": "{n} 人",
  "rated.none": "还没有人评价。",
  "rated.measured": "测得的质量",
  "rated.measuredOf": "{n} 个参加方合计",
};
