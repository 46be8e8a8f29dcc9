/** What pages say of a lesson's recording. */

export const recordingZh = {
  "recording.recording": "正在录制",
  "recording.paused": "录制已暂停",
  "recording.troubled": "录制中断，正在恢复",
  "recording.off": "未录制",
  "recording.outHere": "不录本教室",
  "recording.title": "录制",
  "recording.say": "所有人都能看到录制状态；每次操作都有记录。",
  "recording.pause": "暂停录制",
  "recording.resume": "继续录制",
  "recording.stop": "停止录制",
  "recording.start": "开始录制",
  "recording.classrooms": "教室点名发言时会被录下。不勾选的教室不录。",
  "recording.asking": "正在通知服务器……",
  "recording.notObeyed": "录制操作没有生效，请以显示的状态为准。{why}",
  "recording.close": "关闭",
};
