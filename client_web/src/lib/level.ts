/** Level of a live sound track, for meters. */

import { SILENCE_DB } from "./stats.ts";

export class LevelMeter {
  readonly #context = new AudioContext();
  readonly #analyser: AnalyserNode;
  readonly #source: MediaStreamAudioSourceNode;
  readonly #samples: Float32Array<ArrayBuffer>;

  constructor(track: MediaStreamTrack) {
    this.#analyser = this.#context.createAnalyser();
    this.#analyser.fftSize = 1024;
    this.#samples = new Float32Array(this.#analyser.fftSize);
    this.#source = this.#context.createMediaStreamSource(new MediaStream([track]));
    this.#source.connect(this.#analyser);
  }

  /** Root mean square of the latest 1024 samples, dB below full scale. */
  read(): number {
    // Created before the first gesture it may be asleep.
    if (this.#context.state === "suspended") void this.#context.resume();
    this.#analyser.getFloatTimeDomainData(this.#samples);
    let sum = 0;
    for (const sample of this.#samples) sum += sample * sample;
    return sum > 0 ? Math.max(SILENCE_DB, 10 * Math.log10(sum / this.#samples.length)) : SILENCE_DB;
  }

  close(): void {
    this.#source.disconnect();
    void this.#context.close();
  }
}
