import type { unbookedZh } from "./unbooked.zh.ts";

export const unbookedEn: Record<keyof typeof unbookedZh, string> = {
  "why.teacher_busy": "{name} teaches {title} ({school}) on {when}.",
  "why.classroom_busy": "The classroom {name} is used by {title} ({school}, {teacher}) on {when}.",
  "why.pupils_busy": "{name} has {title} ({school}, {teacher}) on {when}.",
  "why.assistant_busy": "The assistant {name} is in {title} ({school}, {teacher}) on {when}.",
  "why.holiday": "{name} has a holiday on {date} ({count} days in all).",
  "why.outside_term": "{name} is in no term on {date} ({count} days in all).",
  "why.capacity": "On {when} {classrooms} classrooms would be connected; the machines carry {limit}.",
  "why.no_lessons": "No lesson comes of this: check the weekdays, odd and even weeks and the end, or all of it is holidays.",
  "why.no_term": "This day lies in no term; choose another day, or add the term.",
  "why.unknown_period": "The school has no such period on that day; check its bell table.",
  "why.bad_form": "The number of receiving classrooms or assistants does not fit this form.",
  "why.wrong_teacher": "The teacher does not teach at the school of that classroom; choose somebody else, or give a role there.",
  "why.teacher_inactive": "The teacher is not active any more; choose somebody else.",
  "why.unknown_classroom": "There is no such classroom; choose another one.",
  "why.classroom_inactive": "The classroom is not in use any more; choose another one.",
  "why.wrong_classroom": "The classroom is not equipped for this; choose another one.",
  "why.unknown_class": "The class does not exist any more; choose another one.",
};
