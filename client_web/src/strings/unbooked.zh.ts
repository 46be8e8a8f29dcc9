/** Why a lesson of an imported timetable cannot be booked; the words of the timetable itself are many more. */

export const unbookedZh = {
  "why.teacher_busy": "{name}老师 {when} 要上《{title}》（{school}）。",
  "why.classroom_busy": "教室{name} {when} 已用于《{title}》（{school}，{teacher}）。",
  "why.pupils_busy": "{name} {when} 要上《{title}》（{school}，{teacher}）。",
  "why.assistant_busy": "辅助教师{name} {when} 在《{title}》（{school}，{teacher}）。",
  "why.holiday": "{name} {date} 放假（共 {count} 天）。",
  "why.outside_term": "{name} {date} 不在学期内（共 {count} 天）。",
  "why.capacity": "{when} 会有 {classrooms} 间教室同时在线，服务器最多承载 {limit} 间。",
  "why.no_lessons": "这样排不出一次课：请检查星期、单双周和结束日期，或者这些天都放假。",
  "why.no_term": "这一天不在学期内",
  "why.unknown_period": "这一天没有这一节",
  "why.bad_form": "接收教室或辅助教师的数量不符合这种课的要求。",
  "why.wrong_teacher": "所选教师不在这间教室的学校任教",
  "why.teacher_inactive": "所选教师已停用",
  "why.unknown_classroom": "所选教室不存在",
  "why.classroom_inactive": "所选教室已停用",
  "why.wrong_classroom": "所选教室没有相应的设备",
  "why.unknown_class": "所选班级已不存在",
};
