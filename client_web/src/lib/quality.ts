/** What is good and what is bad of what was measured, in one place for all pages. Pure. */

export type Grade = "ok" | "warn" | "bad";

/** As the server has it of one participant or of many: nothing of what nobody measured. */
export interface Measures {
  freezes?: number;
  /** Milliseconds and fractions; 95 of 100 measurements were below it. */
  delay_p95?: number | null;
  loss_up_p95?: number | null;
  loss_down_p95?: number | null;
  /** The worse of both, where they are summed up. */
  loss_p95?: number | null;
}

export interface Finding {
  what: "delay" | "lossUp" | "lossDown" | "loss" | "freezes";
  value: number;
  grade: Grade;
}

/** Up to the first it is good, up to the second it can be borne. */
const LIMITS: Readonly<Record<Finding["what"], readonly [number, number]>> = {
  // Above 400 ms people begin to talk into each other's words (ITU-T G.114).
  delay: [400, 1000],
  lossUp: [0.02, 0.05],
  lossDown: [0.02, 0.05],
  loss: [0.02, 0.05],
  // In an hour of pictures.
  freezes: [12, 30],
};

export function gradeOf(what: Finding["what"], value: number): Grade {
  const [good, borne] = LIMITS[what];
  return value <= good ? "ok" : value <= borne ? "warn" : "bad";
}

/** @param seenS seconds in which pictures were shown: three freezes of a minute are more than three of an hour. */
export function findings(measures: Measures, seenS: number): Finding[] {
  const { delay_p95: delay, loss_up_p95: up, loss_down_p95: down, loss_p95: loss, freezes } = measures;
  const found: Finding[] = [];
  if (delay != null) found.push({ what: "delay", value: delay, grade: gradeOf("delay", delay) });
  if (down != null) found.push({ what: "lossDown", value: down, grade: gradeOf("lossDown", down) });
  if (up != null) found.push({ what: "lossUp", value: up, grade: gradeOf("lossUp", up) });
  if (loss != null) found.push({ what: "loss", value: loss, grade: gradeOf("loss", loss) });
  if (freezes != null && (seenS > 0 || freezes > 0)) {
    found.push({ what: "freezes", value: freezes, grade: gradeOf("freezes", (freezes * 3600) / Math.max(seenS, 60)) });
  }
  return found;
}

/** The worst of them; null where nothing was measured. */
export function verdict(found: readonly Finding[]): Grade | null {
  if (!found.length) return null;
  return (["bad", "warn"] as const).find((grade) => found.some((it) => it.grade === grade)) ?? "ok";
}
