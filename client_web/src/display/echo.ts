/**
 * The sound loop: a short sweep leaves the loudspeaker, and where the microphone hears it best is the echo's delay.
 * Pure. Matched filter for a linear sweep: its own time-reversed copy (Turin 1960).
 */

export const SWEEP = { seconds: 0.2, fromHz: 500, toHz: 2_500, amplitude: 0.25 } as const;
/** The recording is thinned to about this rate: five times the sweep's highest tone is plenty for its place. */
const THIN_HZ = 12_000;

/**
 * @param rate samples per second.
 * @returns mono samples, −amplitude … amplitude, faded in and out so that nothing clicks.
 */
export function sweep(rate: number): Float32Array<ArrayBuffer> {
  const { seconds, fromHz, toHz, amplitude } = SWEEP;
  const length = Math.round(seconds * rate);
  const samples = new Float32Array(length);
  for (let i = 0; i < length; i += 1) {
    const t = i / rate;
    const phase = 2 * Math.PI * (fromHz * t + ((toHz - fromHz) * t * t) / (2 * seconds));
    samples[i] = amplitude * Math.sin(phase) * Math.sin((Math.PI * i) / length) ** 2;
  }
  return samples;
}

export interface Heard {
  /** Where the sweep begins in the recording, seconds. */
  at: number;
  /** How much of what is heard there is the sweep, 0…1. */
  likeness: number;
}

/** @returns the best place of the sweep in the recording; null when the recording is shorter than it, or all silence. */
export function findSweep(recording: Float32Array, rate: number): Heard | null {
  const step = Math.max(1, Math.round(rate / THIN_HZ));
  const x = thin(recording, step);
  const c = thin(sweep(rate), step);
  const lags = x.length - c.length;
  if (lags < 0) return null;
  let ours = 0;
  for (const value of c) ours += value * value;
  let energy = 0;
  for (let i = 0; i < c.length; i += 1) energy += (x[i] ?? 0) ** 2;
  let best = 0;
  let bestLag = -1;
  for (let lag = 0; lag <= lags; lag += 1) {
    let sum = 0;
    for (let i = 0; i < c.length; i += 1) sum += (c[i] as number) * (x[lag + i] as number);
    // Rounding may leave less than nothing after a loud passage.
    const likeness = energy > 1e-9 ? Math.abs(sum) / Math.sqrt(ours * energy) : 0;
    if (likeness > best) {
      best = likeness;
      bestLag = lag;
    }
    energy = Math.max(0, energy - (x[lag] as number) ** 2 + (x[lag + c.length] ?? 0) ** 2);
  }
  return bestLag < 0 ? null : { at: (bestLag * step) / rate, likeness: Math.min(1, best) };
}

/** Means of `step` samples each: a low-pass that is good enough for tones five octaves below. */
function thin(samples: Float32Array, step: number): Float32Array {
  const out = new Float32Array(Math.floor(samples.length / step));
  for (let i = 0; i < out.length; i += 1) {
    let sum = 0;
    for (let j = 0; j < step; j += 1) sum += samples[i * step + j] as number;
    out[i] = sum / step;
  }
  return out;
}

/** Root mean square, dB below full scale; −100 for silence. */
export function loudness(samples: Float32Array): number {
  let sum = 0;
  for (const value of samples) sum += value * value;
  return sum > 0 ? Math.max(-100, 10 * Math.log10(sum / samples.length)) : -100;
}
