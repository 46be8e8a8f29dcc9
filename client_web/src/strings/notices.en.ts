import type { noticesZh } from "./notices.zh.ts";

export const noticesEn: Record<keyof typeof noticesZh, string> = {
  "notice.booked": "{by} booked {title}, first on {starts}.",
  "notice.requested": "{by} asks to book {title}, first on {starts}; it waits for approval.",
  "notice.approved": "The request for {title} was approved.",
  "notice.refused": "The request for {title} was refused.",
  "notice.withdrawn": "The request for {title} was taken back.",
  "notice.edited": "What {title} says was changed.",
  "notice.moved": "{title} was moved to {starts}.",
  "notice.cancelled": "{title} ({starts}) was cancelled.",
  "notice.substituted": "{title} ({starts}) is taught by somebody else: {to_teacher}.",
  "notice.extended": "{title} lasts {minutes} minutes longer.",
  "notice.made_up": "{title} has a make-up lesson on {starts}.",
  "notice.fault": "{classroom_name} reported a fault during {title}.",
  "notice.published": "The recording of {title} is in the library.",
  "notice.unpublished": "The recording of {title} could not be finished; it can be retried on the administration page.",
  "notice.other": "{title} has changed.",
  "notice.reason": " Reason: {reason}",
  "notice.untitled": "a lesson",
  "notice.somebody": "Somebody",
};
