import assert from "node:assert/strict";
import { test } from "node:test";
import { Problem, afterProblem } from "../src/lib/http.ts";
import { decodeToken, parseFragment, parseParams } from "../src/lib/params.ts";
import { restartFragment, restartedAnswer } from "../src/lib/sdp.ts";
import { afterClose, socketUrl } from "../src/lib/socket.ts";

test("a display tries again whatever happened, but two pages with one token do not fight", () => {
  assert.deepEqual(afterClose(4401, true), { problem: "token", next: "slowly" });
  assert.deepEqual(afterClose(4401, false), { problem: "token", next: "stop" });
  assert.deepEqual(afterClose(4403, false), { problem: "forbidden", next: "stop" });
  assert.deepEqual(afterClose(4409, true), { problem: "replaced", next: "stop" });
  assert.deepEqual(afterClose(4403, true, "lesson_not_open"), { problem: "notOpen", next: "soon" });
  assert.deepEqual(afterClose(4403, false, "lesson_over"), { problem: "over", next: "stop" });
  assert.deepEqual(afterClose(4403, true, "lesson_cancelled"), { problem: "cancelled", next: "slowly" });
  for (const code of [1000, 1006, 1012, 0]) assert.deepEqual(afterClose(code, false), { problem: null, next: "soon" });
});

test("problems of WHIP and WHEP", () => {
  const next = (status: number, code: string, patient = false): string => afterProblem(new Problem(status, code), patient);
  assert.equal(next(0, "offline"), "soon");
  assert.equal(next(503, "draining"), "soon");
  assert.equal(next(429, "too_many_sessions"), "soon");
  assert.equal(next(409, "room_has_lead"), "ask");
  assert.equal(next(401, "token_expired"), "stop");
  assert.equal(next(401, "token_expired", true), "slowly");
});

test("the socket is as secure as the page", () => {
  assert.equal(socketUrl({ protocol: "https:", host: "h:8443" }), "wss://h:8443/ws");
  assert.equal(socketUrl({ protocol: "http:", host: "h" }), "ws://h/ws");
});

const OFFER = [
  "v=0",
  "a=group:BUNDLE 0 1",
  "m=audio 9 UDP/TLS/RTP/SAVPF 111",
  "a=ice-ufrag:new1",
  "a=ice-pwd:newpassword",
  "a=mid:0",
  "m=video 9 UDP/TLS/RTP/SAVPF 96",
  "a=ice-ufrag:new1",
  "a=ice-pwd:newpassword",
  "a=mid:1",
  "",
].join("\r\n");

const ANSWER = [
  "v=0",
  "a=ice-lite",
  "m=audio 9 UDP/TLS/RTP/SAVPF 111",
  "a=ice-ufrag:old",
  "a=ice-pwd:oldpassword",
  "a=candidate:1 1 udp 1 192.0.2.1 9 typ host",
  "a=end-of-candidates",
  "a=mid:0",
  "m=video 9 UDP/TLS/RTP/SAVPF 96",
  "a=ice-ufrag:old",
  "a=ice-pwd:oldpassword",
  "a=mid:1",
  "",
].join("\r\n");

test("an ICE restart says our new credentials once", () => {
  assert.deepEqual(restartFragment(OFFER).split("\r\n"), [
    "a=ice-options:trickle ice2",
    "a=group:BUNDLE 0 1",
    "m=audio 9 UDP/TLS/RTP/SAVPF 111",
    "a=mid:0",
    "a=ice-ufrag:new1",
    "a=ice-pwd:newpassword",
    "",
  ]);
});

test("the server's new credentials and candidates replace the old ones in every m-line", () => {
  const fragment = "a=ice-ufrag:srv\r\na=ice-pwd:srvpassword\r\na=candidate:2 1 udp 1 198.51.100.7 9 typ host\r\na=end-of-candidates\r\n";
  const answer = restartedAnswer(ANSWER, fragment);
  assert.equal(answer.match(/a=ice-ufrag:srv\r\n/g)?.length, 2);
  assert.equal(answer.match(/198\.51\.100\.7/g)?.length, 2);
  assert.doesNotMatch(answer, /old|192\.0\.2\.1/);
  assert.ok(answer.indexOf("a=candidate") > answer.indexOf("m=audio"), "candidates belong to m-lines");
  assert.ok(answer.endsWith("\r\n") && !answer.includes("\r\n\r\n"));
  assert.throws(() => restartedAnswer(ANSWER, "a=ice-ufrag:only"));
});

const token = (claims: object): string => `x.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.y`;

test("a claim or a code stands in the fragment, or nowhere", () => {
  assert.equal(parseFragment("#claim=abc", "claim"), "abc");
  assert.equal(parseFragment("#room=demo", "code"), "");
  assert.equal(parseFragment("", "code"), "");
});

test("room, token, language and overlay come from the fragment", () => {
  const t = token({ room: "r1", name: "云岭小学", role: "classroom", publish: ["camera", 7] });
  assert.deepEqual(parseParams(`#room=demo&token=${t}&lang=en&overlay=1`), { room: "demo", token: t, lang: "en", overlay: true });
  assert.equal(parseParams(`#token=${t}`).room, "r1", "the token knows its room");
  assert.equal(parseParams("", "?overlay").overlay, true);
  assert.equal(parseParams("#overlay=0").overlay, false);
  assert.deepEqual(decodeToken(t)?.publish, ["camera"]);
  assert.equal(decodeToken(t)?.name, "云岭小学");
});

test("what is no token is none", () => {
  for (const bad of ["", "abc", "a.b.c", "a.!!!.c", `a.${btoa("[")}.c`]) assert.equal(decodeToken(bad), null, bad);
});
