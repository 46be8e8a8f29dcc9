/** getStats digested into the few numbers a person or the server wants. Pure. */

/** The members of `RTCInboundRtpStreamStats` and friends that we read; which of them exist depends on the browser. */
export type StatsEntry = Readonly<Record<string, unknown>> & { id: string; type: string };

/** Counters of one receiver at one instant. */
export interface Sample {
  /** ms, any clock that does not jump. */
  at: number;
  bytes: number;
  received: number;
  lost: number;
  frames: number;
  freezes: number;
  /** Seconds, summed over `emitted` samples or frames. */
  bufferSeconds: number;
  emitted: number;
  /** Sum of squared level × seconds (`totalAudioEnergy`). */
  energy: number;
  /** Seconds. */
  audioSeconds: number;
  width: number | null;
  height: number | null;
  /** Round trip of the path in use, ms. */
  rttMs: number | null;
}

export interface Digest {
  /** Jitter buffer plus half a round trip, ms. */
  delayMs: number | null;
  /** 0…1, of the packets expected since the last sample. */
  loss: number | null;
  /** bit/s. */
  bitrate: number | null;
  width: number | null;
  height: number | null;
  fps: number | null;
  freezes: number | null;
  /** Sound level, dB below full scale (≤ 0). */
  levelDb: number | null;
}

export const SILENCE_DB = -100;

function num(entry: StatsEntry | undefined, key: string): number | null {
  const value = entry?.[key];
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** @param entries of `RTCRtpReceiver.getStats()`. @returns null while nothing is being received. */
export function takeSample(entries: Iterable<StatsEntry>, at: number): Sample | null {
  const byId = new Map<string, StatsEntry>();
  for (const entry of entries) byId.set(entry.id, entry);
  const all = [...byId.values()];
  const inbound = all.find((e) => e.type === "inbound-rtp");
  if (!inbound) return null;
  // Chromium before 112 keeps jitter buffer, size and freezes in a separate "track" entry.
  const track = byId.get(String(inbound["trackId"] ?? "")) ?? all.find((e) => e.type === "track");
  const read = (key: string): number | null => num(inbound, key) ?? num(track, key);
  const transport = byId.get(String(inbound["transportId"] ?? "")) ?? all.find((e) => e.type === "transport");
  const pair =
    byId.get(String(transport?.["selectedCandidatePairId"] ?? "")) ??
    all.find((e) => e.type === "candidate-pair" && e["nominated"] === true);
  const rtt = num(pair, "currentRoundTripTime");
  return {
    at,
    bytes: read("bytesReceived") ?? 0,
    received: read("packetsReceived") ?? 0,
    lost: read("packetsLost") ?? 0,
    frames: read("framesDecoded") ?? 0,
    freezes: read("freezeCount") ?? 0,
    bufferSeconds: read("jitterBufferDelay") ?? 0,
    emitted: read("jitterBufferEmittedCount") ?? 0,
    energy: read("totalAudioEnergy") ?? 0,
    audioSeconds: read("totalSamplesDuration") ?? 0,
    width: read("frameWidth"),
    height: read("frameHeight"),
    rttMs: rtt === null ? null : rtt * 1000,
  };
}

/** What happened between two samples of the same receiver. */
export function digest(before: Sample | null, after: Sample): Digest {
  const seconds = before ? (after.at - before.at) / 1000 : 0;
  // Counters that go backwards belong to another session: nothing can be said yet.
  if (!before || seconds <= 0 || after.bytes < before.bytes) {
    const { width, height } = after;
    return { delayMs: null, loss: null, bitrate: null, width, height, fps: null, freezes: null, levelDb: null };
  }
  const received = after.received - before.received;
  const lost = Math.max(0, after.lost - before.lost);
  const emitted = after.emitted - before.emitted;
  const buffer = emitted > 0 ? ((after.bufferSeconds - before.bufferSeconds) / emitted) * 1000 : null;
  return {
    delayMs: buffer === null ? null : Math.max(0, buffer) + (after.rttMs ?? 0) / 2,
    loss: received + lost > 0 ? lost / (received + lost) : null,
    bitrate: ((after.bytes - before.bytes) * 8) / seconds,
    width: after.width,
    height: after.height,
    fps: (after.frames - before.frames) / seconds,
    freezes: Math.max(0, after.freezes - before.freezes),
    levelDb: levelDb(after.energy - before.energy, after.audioSeconds - before.audioSeconds),
  };
}

/** Root mean square level of an interval, dB below full scale; null when no sound was played in it. */
export function levelDb(energy: number, seconds: number): number | null {
  if (seconds <= 0) return null;
  return energy > 0 ? Math.max(SILENCE_DB, 10 * Math.log10(energy / seconds)) : SILENCE_DB;
}

/** Where on a meter a level stands, 0…1: speech at arm's length is about the middle. */
export function meterPosition(db: number): number {
  return Math.min(1, Math.max(0, (db + 60) / 60));
}
