/** How long to wait before attempt `attempt` (1 is the first retry): exponential, with jitter, bounded. */

export interface BackoffOptions {
  /** Delay before the first retry, ms. */
  firstMs: number;
  /** No delay is longer than this, ms. */
  maxMs: number;
  /** Part of the delay that is random, 0…1, so that a school's displays do not all come back in the same instant. */
  jitter: number;
}

export const FAST: BackoffOptions = { firstMs: 400, maxMs: 10_000, jitter: 0.4 };
/** For what only a person can put right (a token, a permission): try now and then in case they did. */
export const PATIENT: BackoffOptions = { firstMs: 30_000, maxMs: 60_000, jitter: 0.2 };

/**
 * @param attempt 1 for the first retry.
 * @param random 0 ≤ random < 1, from `Math.random()`.
 * @returns milliseconds.
 */
export function backoffDelay(attempt: number, random: number, options: BackoffOptions = FAST): number {
  const exponent = Math.min(Math.max(attempt, 1) - 1, 20);
  const full = Math.min(options.firstMs * 2 ** exponent, options.maxMs);
  return Math.round(full * (1 - options.jitter * random));
}
