import type { qualityZh } from "./quality.zh.ts";

export const qualityEn: Record<keyof typeof qualityZh, string> = {
  "quality.ok": "good",
  "quality.warn": "fair",
  "quality.bad": "poor",
  "quality.delay": "Delay {value}",
  "quality.lossDown": "Lost receiving {value}",
  "quality.loss": "Lost {value}",
  "quality.lossUp": "Lost sending {value}",
  "quality.freezes": "Freezes {value}",
  "quality.none": "nothing measured",
  "quality.legend": "Delay and loss: better than shown for 95% of the time. Good is up to 400 ms, 2% and 12 freezes an hour; poor is over 1 s, 5% and 30.",
  "rated.title": "What both ends say",
  "rated.question": "Question",
  "rated.lead": "Lead end",
  "rated.receiving": "Receiving end",
  "rated.stars": "{mean} of 5",
  "rated.yes": "{percent} say yes",
  "rated.answers": "{n} answered",
  "rated.none": "Nobody has rated yet.",
  "rated.measured": "What was measured",
  "rated.measuredOf": "participants measured: {n}",
};
