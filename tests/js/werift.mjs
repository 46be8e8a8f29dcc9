// A publisher or a watcher on werift, a WebRTC stack written in TypeScript.
//   node werift.mjs publish|watch URL TOKEN
// It has no codecs: it publishes Opus frames of silence and counts the packets it receives.
import { MediaStreamTrack, RTCPeerConnection, RtpHeader, RtpPacket, useOPUS, useVP8 } from "werift";
import { exchange, release, report, stopped } from "./http.mjs";

const [mode, url, token] = process.argv.slice(2);
const OPUS_SILENCE = Buffer.from([0xf8, 0xff, 0xfe]);

function publish(pc) {
  const track = new MediaStreamTrack({ kind: "audio" });
  pc.addTransceiver(track, { direction: "sendonly" });
  let number = 0;
  const timer = setInterval(() => {
    number += 1;
    const header = new RtpHeader({ payloadType: 111, sequenceNumber: number & 0xffff, timestamp: number * 960, ssrc: 1 });
    track.writeRtp(new RtpPacket(header, OPUS_SILENCE));
  }, 20);
  return () => clearInterval(timer);
}

function watch(pc) {
  const seen = { video: 0, audio: 0, gaps: 0 };
  const last = {};
  pc.addTransceiver("video", { direction: "recvonly" });
  pc.addTransceiver("audio", { direction: "recvonly" });
  pc.onTrack.subscribe((track) => {
    track.onReceiveRtp.subscribe(({ header }) => {
      seen[track.kind] += 1;
      const expected = (last[track.kind] + 1) & 0xffff;
      if (track.kind in last && header.sequenceNumber !== expected) seen.gaps += 1;
      last[track.kind] = header.sequenceNumber;
    });
  });
  const timer = setInterval(() => report(seen), 200);
  return () => clearInterval(timer);
}

const pc = new RTCPeerConnection({ codecs: { audio: [useOPUS()], video: [useVP8()] } });
pc.connectionStateChange.subscribe((state) => report({ state }));
const end = mode === "publish" ? publish(pc) : watch(pc);
const session = await exchange(pc, url, token);
await stopped();
end();
await release(session, token);
await pc.close();
process.exit(0);
