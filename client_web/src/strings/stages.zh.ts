/** Names of the stages of the work after the bell. */

export const stagesZh = {
  "stage.finalise": "整理录像",
  "stage.ingest": "转换文件",
  "stage.extract": "提取文字",
  "stage.pictures": "截取画面",
  "stage.transcript": "语音转写",
  "stage.chapters": "划分章节",
  "stage.publish": "发布",
  "stage.index": "编入检索",
};
