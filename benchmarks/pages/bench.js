// A publisher whose picture is a clock that a machine can read, and a viewer that reads it.
//
// The clock is a row of 16 dark or light blocks across the top: a guard pair, then 13 bits of milliseconds and one of
// parity. Blocks of 40 × 40 pixels survive every codec at lesson bit rates; what does not decode is counted, not used.

const BLOCK = 40;
const BITS = 13;
const RANGE = 1 << BITS;
const FRAME_MS = 1000 / 30;

const now = () => performance.timeOrigin + performance.now();

function drawClock(context, milliseconds, frame) {
  const { width, height } = context.canvas;
  // Something moves below, as a teacher does; a still picture would cost the codec nothing.
  context.fillStyle = "#7a8a99";
  context.fillRect(0, BLOCK, width, height - BLOCK);
  context.fillStyle = "#304050";
  for (let stripe = 0; stripe < 8; stripe++) {
    context.fillRect((frame * 5 + stripe * 90) % width, BLOCK + 20 + stripe * 30, 60, 24);
  }
  const value = milliseconds % RANGE;
  let parity = 0;
  const bits = [1, 0];
  for (let bit = BITS - 1; bit >= 0; bit--) {
    const set = (value >> bit) & 1;
    parity ^= set;
    bits.push(set);
  }
  bits.push(parity);
  bits.forEach((bit, index) => {
    context.fillStyle = bit ? "#ffffff" : "#000000";
    context.fillRect(index * BLOCK, 0, BLOCK, BLOCK);
  });
}

const small = new OffscreenCanvas(16, 1).getContext("2d", { willReadFrequently: true });
small.imageSmoothingEnabled = false;

// Milliseconds of the clock in a picture of this width, or null when it cannot be read. Looks at the middle of each block.
function readClock(picture, width) {
  const block = width / 16;
  small.drawImage(picture, 0, block / 4, width, block / 2, 0, 0, 16, 1);
  const row = small.getImageData(0, 0, 16, 1).data;
  const bits = Array.from({ length: 16 }, (_, index) => (row[4 * index] > 127 ? 1 : 0));
  if (bits[0] !== 1 || bits[1] !== 0) return null;
  let value = 0;
  let parity = 0;
  for (let index = 2; index < 2 + BITS; index++) {
    value = (value << 1) | bits[index];
    parity ^= bits[index];
  }
  return parity === bits[15] ? value : null;
}

async function exchange(connection, url, token) {
  await connection.setLocalDescription();
  const response = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/sdp", Authorization: `Bearer ${token}` },
    body: connection.localDescription.sdp,
  });
  if (response.status !== 201) throw new Error(`${url} was answered ${response.status}: ${await response.text()}`);
  await connection.setRemoteDescription({ type: "answer", sdp: await response.text() });
}

let publishing = null;

export async function publish(url, token) {
  const canvas = document.getElementById("clock");
  const context = canvas.getContext("2d");
  const stream = canvas.captureStream(0);
  const [track] = stream.getVideoTracks();
  track.contentHint = "motion";
  publishing = new RTCPeerConnection();
  publishing.addTransceiver(track, { direction: "sendonly", streams: [stream], sendEncodings: [{ maxBitrate: 1_500_000 }] });
  const audio = new AudioContext();
  const tone = new OscillatorNode(audio, { frequency: 440 });
  const destination = new MediaStreamAudioDestinationNode(audio);
  tone.connect(destination);
  tone.start();
  publishing.addTransceiver(destination.stream.getAudioTracks()[0], { direction: "sendonly", streams: [stream] });
  preferVp8(publishing);
  let frame = 0;
  setInterval(() => {
    drawClock(context, Math.round(now()), frame++);
    track.requestFrame();
  }, FRAME_MS);
  await exchange(publishing, url, token);
}

function preferVp8(connection) {
  const codecs = RTCRtpReceiver.getCapabilities("video").codecs;
  const wanted = codecs.filter((codec) => /VP8|rtx/.test(codec.mimeType));
  connection.getTransceivers()[0].setCodecPreferences(wanted);
}

export async function published() {
  const totals = { pli: 0, fir: 0, frames: 0, keyframes: 0, width: 0 };
  for (const report of (await publishing.getStats()).values()) {
    if (report.type !== "outbound-rtp" || report.kind !== "video") continue;
    totals.pli += report.pliCount ?? 0;
    totals.fir += report.firCount ?? 0;
    totals.frames += report.framesEncoded ?? 0;
    totals.keyframes += report.keyFramesEncoded ?? 0;
    totals.width = report.frameWidth ?? 0;
  }
  return totals;
}

function receive(url, token) {
  const connection = new RTCPeerConnection();
  for (const kind of ["video", "audio"]) connection.addTransceiver(kind, { direction: "recvonly" });
  const stream = new MediaStream();
  connection.addEventListener("track", ({ track }) => stream.addTrack(track));
  const video = document.getElementById("shown");
  video.srcObject = stream;
  return { connection, video, ready: exchange(connection, url, token) };
}

// Milliseconds from before the offer to the first decoded frame that is shown.
export async function join(url, token) {
  const start = performance.now();
  const { connection, video, ready } = receive(url, token);
  const first = new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error("no frame within 10 s")), 10_000);
    video.requestVideoFrameCallback(() => resolve(performance.now() - start));
  });
  await ready;
  const answered = performance.now() - start;
  try {
    return { first_frame_ms: await first, answered_ms: answered };
  } finally {
    connection.close();
    video.srcObject = null;
  }
}

// Watch for a while; delays in ms from drawing to being shown, one for each frame that could be read.
export async function watch(url, token, seconds, settle) {
  const { connection, video, ready } = receive(url, token);
  await ready;
  const delays = [];
  const displayed = []; // by the time the browser expects the frame on a screen
  let unread = 0;
  const begin = performance.now() + 1000 * settle;
  const end = begin + 1000 * seconds;
  await new Promise((resolve) => {
    const shown = (_, frame) => {
      const at = Math.round(now());
      if (performance.now() >= begin) {
        const drawn = readClock(video, video.videoWidth);
        if (drawn === null) unread++;
        else {
          delays.push((((at - drawn) % RANGE) + RANGE) % RANGE);
          const display = Math.round(performance.timeOrigin + frame.expectedDisplayTime);
          displayed.push((((display - drawn) % RANGE) + RANGE) % RANGE);
        }
      }
      if (performance.now() < end) video.requestVideoFrameCallback(shown);
      else resolve();
    };
    video.requestVideoFrameCallback(shown);
    setTimeout(resolve, 1000 * (settle + seconds + 2));
  });
  const stats = { delays, displayed, unread, width: video.videoWidth, dropped: 0, decoded: 0, freezes: 0, buffer_ms: 0 };
  for (const report of (await connection.getStats()).values()) {
    if (report.type !== "inbound-rtp" || report.kind !== "video") continue;
    stats.dropped = report.framesDropped ?? 0;
    stats.decoded = report.framesDecoded ?? 0;
    stats.freezes = report.freezeCount ?? 0;
    stats.buffer_ms = (1000 * report.jitterBufferDelay) / Math.max(1, report.jitterBufferEmittedCount);
  }
  connection.close();
  return stats;
}

window.bench = { publish, published, join, watch, drawClock, readClock };
