/** Samples the receivers of a connection and remembers the last sample of each. */

import { digest, takeSample, type Digest, type Sample, type StatsEntry } from "./stats.ts";

export class ReceiverStats {
  #samples = new Map<RTCRtpReceiver, Sample>();

  /** @returns digests by mid; receivers that get nothing are left out. */
  async read(pc: RTCPeerConnection): Promise<Map<string, Digest>> {
    const result = new Map<string, Digest>();
    const samples = new Map<RTCRtpReceiver, Sample>();
    await Promise.all(
      pc.getTransceivers().map(async ({ mid, receiver }) => {
        if (mid === null) return;
        const report = await receiver.getStats();
        const entries: StatsEntry[] = [];
        report.forEach((entry: StatsEntry) => entries.push(entry));
        const sample = takeSample(entries, performance.now());
        if (!sample) return;
        samples.set(receiver, sample);
        result.set(mid, digest(this.#samples.get(receiver) ?? null, sample));
      }),
    );
    this.#samples = samples;
    return result;
  }
}
