/** Seconds as minutes. */

/** With a tenth where a whole minute would hide a short stay. */
export function minutes(seconds: number): string {
  const value = seconds / 60;
  return value > 0 && value < 10 ? (Math.round(value * 10) / 10).toString() : Math.round(value).toString();
}
