// A publisher or a watcher on libwebrtc, through @roamhq/wrtc.
//   node wrtc.mjs publish|watch URL TOKEN
import wrtc from "@roamhq/wrtc";
import { exchange, release, report, stopped } from "./http.mjs";

const [mode, url, token] = process.argv.slice(2);
const { RTCVideoSource, RTCVideoSink, RTCAudioSource, RTCAudioSink } = wrtc.nonstandard;
const WIDTH = 320;
const HEIGHT = 240;

function publish(pc) {
  const video = new RTCVideoSource();
  const audio = new RTCAudioSource();
  pc.addTransceiver(video.createTrack(), { direction: "sendonly" });
  pc.addTransceiver(audio.createTrack(), { direction: "sendonly" });
  let frame = 0;
  let phase = 0;
  const pictures = setInterval(() => {
    const data = new Uint8ClampedArray((WIDTH * HEIGHT * 3) / 2).fill(128);
    data.fill((frame++ * 5) % 256, 0, WIDTH * HEIGHT);
    video.onFrame({ width: WIDTH, height: HEIGHT, data });
  }, 40);
  const sound = setInterval(() => {
    const samples = Int16Array.from({ length: 480 }, () => 8000 * Math.sin((phase += (2 * Math.PI * 440) / 48000)));
    audio.onData({ samples, sampleRate: 48000, bitsPerSample: 16, channelCount: 1, numberOfFrames: 480 });
  }, 10);
  return () => [pictures, sound].forEach(clearInterval);
}

function watch(pc) {
  const seen = { frames: 0, width: 0, height: 0, loudest: 0 };
  pc.addTransceiver("video", { direction: "recvonly" });
  pc.addTransceiver("audio", { direction: "recvonly" });
  const sinks = [];
  pc.ontrack = ({ track }) => {
    if (track.kind === "video") {
      const sink = new RTCVideoSink(track);
      sink.onframe = ({ frame }) => Object.assign(seen, { frames: seen.frames + 1, width: frame.width, height: frame.height });
      sinks.push(sink);
    } else {
      const sink = new RTCAudioSink(track);
      sink.ondata = ({ samples }) => {
        seen.loudest = Math.max(seen.loudest, ...samples.map(Math.abs));
      };
      sinks.push(sink);
    }
  };
  const timer = setInterval(() => report(seen), 200);
  return () => {
    clearInterval(timer);
    sinks.forEach((sink) => sink.stop());
  };
}

const pc = new wrtc.RTCPeerConnection();
pc.onconnectionstatechange = () => report({ state: pc.connectionState });
const end = mode === "publish" ? publish(pc) : watch(pc);
const session = await exchange(pc, url, token);
await stopped();
end();
await release(session, token);
pc.close();
process.exit(0);
