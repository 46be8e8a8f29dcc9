// WHIP and WHEP over fetch: POST an offer, apply the answer. NODE_EXTRA_CA_CERTS names the server's CA.

export async function exchange(pc, url, token) {
  await pc.setLocalDescription(await pc.createOffer());
  const response = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/sdp", Authorization: `Bearer ${token}` },
    body: pc.localDescription.sdp,
  });
  const body = await response.text();
  if (response.status !== 201) throw new Error(`${response.status}: ${body}`);
  await pc.setRemoteDescription({ type: "answer", sdp: body });
  return new URL(response.headers.get("location"), url);
}

export function release(session, token) {
  return fetch(session, { method: "DELETE", headers: { Authorization: `Bearer ${token}` } });
}

// One JSON object a line on standard output, read by the test; a line "stop" on standard input ends the peer.
export function report(values) {
  process.stdout.write(`${JSON.stringify(values)}\n`);
}

export async function stopped() {
  for await (const chunk of process.stdin) if (String(chunk).includes("stop")) return;
}
