/** What a notice says; the blanks are its facts (signalling/booking/notices.py). */

export const noticesZh = {
  "notice.booked": "{by}预约了「{title}」，第一节 {starts}。",
  "notice.requested": "{by}申请预约「{title}」，第一节 {starts}，等待审批。",
  "notice.approved": "「{title}」的预约申请已通过。",
  "notice.refused": "「{title}」的预约申请没有通过。",
  "notice.withdrawn": "「{title}」的预约申请已撤回。",
  "notice.edited": "「{title}」的内容有修改。",
  "notice.moved": "「{title}」改到 {starts}。",
  "notice.cancelled": "「{title}」（{starts}）已取消。",
  "notice.substituted": "「{title}」（{starts}）换了教师：{to_teacher}。",
  "notice.extended": "「{title}」延长了 {minutes} 分钟。",
  "notice.made_up": "「{title}」安排了补课：{starts}。",
  "notice.fault": "「{title}」上课时{classroom_name}报告了故障。",
  "notice.published": "「{title}」的录像已发布到资源库。",
  "notice.unpublished": "「{title}」的录像没有加工成功，可以在管理页面重试。",
  "notice.other": "「{title}」有变动。",
  "notice.reason": "原因：{reason}",
  "notice.untitled": "课程",
  "notice.somebody": "有人",
};
