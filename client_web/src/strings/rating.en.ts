import type { RatingKey } from "./rating.zh.ts";

export const en: Record<RatingKey, string> = {
  "rating.title": "How was this lesson?",
  "rating.say": "Half a minute that helps the next one.",
  "rating.star": "{n} of 5",
  "rating.stars.low": "poor",
  "rating.stars.high": "good",
  "rating.yes": "Yes",
  "rating.no": "No",
  "rating.text": "May be left empty",
  "rating.send": "Send",
  "rating.sending": "Sending …",
  "rating.thanks": "Thank you, it has arrived.",
  "rating.given": "You have rated this lesson already.",
  "rating.closed": "This lesson cannot be rated now.",
  "rating.failed": "It was not sent; please try again. {detail}",
  "rating.loading": "Fetching the form …",
  "rating.some": "Answer at least one question first.",
};
