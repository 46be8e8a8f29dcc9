/** The check before the bell, in the browser: sound loop, camera, line. Each part ends by itself, whatever the device does. */

import type { CheckReport, DeviceApi } from "../lib/device.ts";
import { findSweep, loudness, sweep } from "./echo.ts";
import { reportOf, type Found } from "./grades.ts";

/** What an analyser can keep: 0.68 s at 48 kHz, so one sweep and an echo of up to 0.4 s. */
const WINDOW = 32_768;
const SWEEPS = 3;
const LISTEN_MS = 650;
const LOOK_MS = 1_500;
/** Camera and microphone ask a person on some machines, and hang on others. */
const OPEN_MS = 10_000;
/** A first, small measurement says whether a larger one would take too long, bytes. */
const SMALL = 128 * 1024;
const LARGE = 1024 * 1024;
/** Below this the small one took a second. */
const QUICK_BITS = SMALL * 8;

export interface Progress {
  sound: Found["sound"] | undefined;
  picture: Found["picture"] | undefined;
  line: Found["line"] | undefined;
}

/** @param onPart called after each part with what is known so far; `undefined` is under way. */
export async function check(api: DeviceApi, onPart: (progress: Progress) => void): Promise<CheckReport> {
  const progress: Progress = { sound: undefined, picture: undefined, line: undefined };
  const part = async <K extends keyof Progress>(name: K, work: Promise<Progress[K]>): Promise<void> => {
    progress[name] = await work;
    onPart({ ...progress });
  };
  // The line at the same time: it needs neither loudspeaker nor camera. Some machines open one device at a time.
  const line = part("line", checkLine(api));
  await part("sound", checkSound().catch(() => null));
  await part("picture", checkPicture().catch(() => null));
  await line;
  return reportOf({ sound: progress.sound ?? null, picture: progress.picture ?? null, line: progress.line ?? { up: null, down: null } });
}

async function checkSound(): Promise<Found["sound"]> {
  // As it is: what makes speech better would take the sweep away.
  const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  const stream = await open({ audio });
  const context = new AudioContext();
  try {
    // Without a gesture or the kiosk's flag the loudspeaker stays silent; the microphone is heard all the same.
    await Promise.race([context.resume(), wait(500)]);
    const microphone = context.createMediaStreamSource(stream);
    const analyser = context.createAnalyser();
    analyser.fftSize = WINDOW;
    microphone.connect(analyser);
    const buffer = context.createBuffer(1, Math.round(0.2 * context.sampleRate), context.sampleRate);
    buffer.copyToChannel(sweep(context.sampleRate), 0);
    const heard = new Float32Array(WINDOW);
    let best: NonNullable<Found["sound"]> = { levelDb: -100, echoMs: null, likeness: 0 };
    for (let i = 0; i < SWEEPS && best.likeness < 0.6; i += 1) {
      const source = context.createBufferSource();
      source.buffer = buffer;
      source.connect(context.destination);
      const started = context.currentTime + 0.02;
      source.start(started);
      await wait(LISTEN_MS);
      analyser.getFloatTimeDomainData(heard);
      const windowStart = context.currentTime - WINDOW / context.sampleRate;
      source.disconnect();
      const found = findSweep(heard, context.sampleRate);
      const echoMs = found ? (windowStart + found.at - started) * 1_000 : null;
      const likeness = found && echoMs !== null && echoMs > 0 ? found.likeness : 0;
      const levelDb = Math.max(best.levelDb, loudness(heard));
      best = likeness > best.likeness ? { levelDb, echoMs, likeness } : { ...best, levelDb };
    }
    return best;
  } finally {
    stop(stream);
    await context.close();
  }
}

async function checkPicture(): Promise<Found["picture"]> {
  const stream = await open({ video: { width: { ideal: 960 }, height: { ideal: 540 }, frameRate: { ideal: 24, max: 30 } } });
  const video = document.createElement("video");
  try {
    video.muted = true;
    video.srcObject = stream;
    await Promise.race([video.play(), wait(OPEN_MS)]);
    const frames = (): number => video.getVideoPlaybackQuality().totalVideoFrames;
    const [before, from] = [frames(), performance.now()];
    await wait(LOOK_MS);
    const fps = ((frames() - before) * 1_000) / (performance.now() - from);
    return { width: video.videoWidth, height: video.videoHeight, fps };
  } finally {
    video.srcObject = null;
    stop(stream);
  }
}

async function checkLine(api: DeviceApi): Promise<Found["line"]> {
  const measure = async (way: (bytes: number) => Promise<number>): Promise<number | null> => {
    try {
      const rough = await way(SMALL);
      return (rough < QUICK_BITS ? rough : await way(LARGE)) / 1_000;
    } catch {
      return null;
    }
  };
  // One after the other: both ways at once would be measured against each other.
  const down = await measure((bytes) => api.down(bytes));
  return { down, up: await measure((bytes) => api.up(bytes)) };
}

async function open(what: MediaStreamConstraints): Promise<MediaStream> {
  const media = navigator.mediaDevices as MediaDevices | undefined;
  if (!media?.getUserMedia) throw new Error("not on a secure page");
  const asked = media.getUserMedia(what);
  const stream = await Promise.race([asked, wait(OPEN_MS)]);
  if (stream) return stream;
  // Granted after all, when nobody waits any more.
  asked.then(stop, () => undefined);
  throw new Error("the device does not open");
}

function stop(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

function wait(ms: number): Promise<undefined> {
  return new Promise((done) => setTimeout(() => done(undefined), ms));
}
