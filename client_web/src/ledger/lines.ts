/** Lines of the ledger and what they add up to. Pure. */

export interface Line {
  teacher: string;
  name: string;
  part: "lead" | "assistant";
  /** `2026-03`, or the name of a term; empty outside terms. */
  period: string;
  lessons: number;
  taught_lessons: number;
  planned_s: number;
  taught_s: number;
  /** First, last and how many rows of the audit log. */
  audit: [number | null, number | null, number];
}

export interface Item {
  lesson: string;
  title: string;
  day: string;
  starts: number;
  state: string;
  teacher: string;
  name: string;
  part: "lead" | "assistant";
  planned_s: number;
  taught_s: number;
  audit: number[];
}

export interface Sum {
  planned_s: number;
  taught_s: number;
  taught_lessons: number;
}

export function sumOf(lines: readonly Line[]): Sum {
  return lines.reduce<Sum>(
    (sum, it) => ({
      planned_s: sum.planned_s + it.planned_s,
      taught_s: sum.taught_s + it.taught_s,
      taught_lessons: sum.taught_lessons + it.taught_lessons,
    }),
    { planned_s: 0, taught_s: 0, taught_lessons: 0 },
  );
}

/** With two digits, as the files have it. */
export function hours(seconds: number): string {
  return (seconds / 3600).toFixed(2);
}

export function keyOf(line: Line): string {
  return `${line.teacher} ${line.part} ${line.period}`;
}

/** How much of what was planned was taught, 0…1. */
export function share({ planned_s, taught_s }: Pick<Line, "planned_s" | "taught_s">): number {
  return planned_s > 0 ? Math.min(1, taught_s / planned_s) : 0;
}
