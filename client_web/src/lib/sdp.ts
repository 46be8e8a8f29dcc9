/** The few lines of SDP that an ICE restart over WHIP/WHEP needs (RFC 9725 §4.3.3, RFC 8840 §9). */

const LINE = /\r\n|\n/;

function attribute(sdp: string, name: string): string | null {
  for (const line of sdp.split(LINE)) {
    if (line.startsWith(`a=${name}:`)) return line.slice(name.length + 3);
  }
  return null;
}

/**
 * The PATCH body that asks for an ICE restart: the offer's first m-line with our new credentials. With BUNDLE there
 * is one transport, so one m-line says it all.
 * @param offer the local description made with `iceRestart: true`.
 */
export function restartFragment(offer: string): string {
  const lines = offer.split(LINE);
  const first = lines.find((line) => line.startsWith("m=")) ?? "";
  const ufrag = attribute(offer, "ice-ufrag") ?? "";
  const password = attribute(offer, "ice-pwd") ?? "";
  const mid = attribute(offer, "mid") ?? "0";
  return [
    "a=ice-options:trickle ice2",
    ...lines.filter((line) => line.startsWith("a=group:BUNDLE")),
    first,
    `a=mid:${mid}`,
    `a=ice-ufrag:${ufrag}`,
    `a=ice-pwd:${password}`,
    "",
  ].join("\r\n");
}

/**
 * The answer we already have, with the server's new ICE credentials and candidates in every m-line.
 * @param fragment body of the 200 answer to the PATCH.
 */
export function restartedAnswer(answer: string, fragment: string): string {
  const ufrag = attribute(fragment, "ice-ufrag");
  const password = attribute(fragment, "ice-pwd");
  if (!ufrag || !password) throw new Error("the server's restart fragment has no credentials");
  const isCandidate = (line: string): boolean => line.startsWith("a=candidate:") || line === "a=end-of-candidates";
  const candidates = fragment.split(LINE).filter(isCandidate);
  const out: string[] = [];
  let inMedia = false;
  for (const line of answer.split(LINE)) {
    if (line === "" || isCandidate(line)) continue;
    if (line.startsWith("m=")) {
      if (inMedia) out.push(...candidates);
      inMedia = true;
    }
    if (line.startsWith("a=ice-ufrag:")) out.push(`a=ice-ufrag:${ufrag}`);
    else if (line.startsWith("a=ice-pwd:")) out.push(`a=ice-pwd:${password}`);
    else out.push(line);
  }
  out.push(...candidates, "");
  return out.join("\r\n");
}
