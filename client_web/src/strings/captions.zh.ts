/** What pages say of live captions. */

export const captionsZh = {
  "captions.label": "字幕",
  "captions.on": "打开字幕",
  "captions.off": "关闭字幕",
  "captions.starting": "字幕正在准备…",
  "captions.late": "服务器跟不上，字幕有缺漏",
  "captions.troubled": "字幕暂时出不来，正在重试",
  "captions.busy": "同时开字幕的课太多了，请稍后再试。",
  "captions.none": "本服务器没有字幕，请联系管理员。",
};
