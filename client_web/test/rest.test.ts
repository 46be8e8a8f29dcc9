import assert from "node:assert/strict";
import { test } from "node:test";
import { Once, unanswered } from "../src/lib/once.ts";
import { Rest, RestProblem, cancelled, newKey, signInUrl, withQuery } from "../src/lib/rest.ts";

interface Sent {
  url: string;
  method: string;
  headers: Record<string, string>;
  body: unknown;
}

type Answer = { status: number; body?: unknown } | Error;

/** A server that answers these in turn, the last one for ever; `/me` is answered with the tokens in turn. */
function server(answers: Answer[], tokens = ["first", "second"]) {
  const sent: Sent[] = [];
  let out = 0;
  const fetching = ((url: string, init: RequestInit) => {
    const headers = init.headers as Record<string, string>;
    sent.push({ url, method: init.method ?? "", headers, body: init.body });
    if (init.signal?.aborted) return Promise.reject(new DOMException("", "AbortError"));
    if (url === "/api/v1/me") return Promise.resolve(Response.json({ csrf: tokens.shift() }));
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (!answer || answer instanceof Error) return Promise.reject(answer ?? new Error("no answer"));
    const { status, body } = answer;
    return Promise.resolve(body === undefined ? new Response(null, { status }) : Response.json(body, { status }));
  }) as typeof fetch;
  return { sent, rest: new Rest(fetching, () => (out += 1)), signedOut: () => out };
}

test("a query leaves out what is empty and repeats lists", () => {
  assert.equal(withQuery("/free", { a: "x y", b: null, c: "", d: ["p", "q"], e: false, f: 0 }), "/free?a=x+y&d=p&d=q&e=false&f=0");
  assert.equal(withQuery("/free", {}), "/free");
});

test("changes carry the token of the session, which is asked for once", async () => {
  const { sent, rest } = server([{ status: 200, body: { ok: true } }]);
  assert.deepEqual(await rest.post("/a", { n: 1 }), { ok: true });
  await rest.put("/b");
  assert.deepEqual(sent.map(({ method, url }) => `${method} ${url}`), ["GET /api/v1/me", "POST /api/v1/a", "PUT /api/v1/b"]);
  assert.equal(sent[1]?.headers["X-CSRF-Token"], "first");
  assert.equal(sent[1]?.body, '{"n":1}');
});

test("a token of an old session is asked for anew, once", async () => {
  const { sent, rest } = server([{ status: 403, body: { code: "csrf" } }, { status: 204 }]);
  assert.equal(await rest.delete("/a"), undefined);
  assert.equal(sent.at(-1)?.headers["X-CSRF-Token"], "second");
  const other = server([{ status: 403, body: { code: "forbidden", detail: "No." } }]);
  await assert.rejects(other.rest.delete("/a"), (error: RestProblem) => error.code === "forbidden" && error.detail === "No.");
});

test("a problem keeps what the server says about it", async () => {
  const { rest } = server([{ status: 409, body: { type: "about:blank", title: "Conflict", status: 409, code: "conflict", detail: "Taken.", problems: [1] } }]);
  await assert.rejects(rest.get("/a"), (error: RestProblem) => {
    assert.deepEqual([error.status, error.code, error.detail, error.extra], [409, "conflict", "Taken.", { problems: [1] }]);
    return true;
  });
});

test("of several answers that she is signed out the first one leads away", async () => {
  const gone = { status: 401, body: { code: "signed_out" } };
  const { rest, signedOut } = server([gone, gone]);
  await Promise.allSettled([rest.get("/regions"), rest.get("/schools")]);
  assert.equal(signedOut(), 1);
});

test("who is signed out is sent to sign in, and back", async () => {
  const { rest, signedOut } = server([{ status: 401, body: { code: "signed_out" } }]);
  await assert.rejects(rest.get("/a"), (error: RestProblem) => error.status === 401);
  assert.equal(signedOut(), 1);
  assert.equal(signInUrl({ pathname: "/timetable", search: "?view=school", hash: "" }), "/login?next=%2Ftimetable%3Fview%3Dschool");
});

test("no answer is a problem; what the page cancelled is none", async () => {
  const { rest } = server([new TypeError("network")]);
  await assert.rejects(rest.get("/a"), (error: RestProblem) => error.status === 0 && error.code === "offline");
  const abort = new AbortController();
  abort.abort();
  await assert.rejects(rest.get("/a", {}, { signal: abort.signal }), (error) => cancelled(error));
});

test("creating is repeated with the same key until there is an answer", async () => {
  const { sent, rest } = server([new TypeError("network"), { status: 201, body: { id: "x" } }]);
  assert.deepEqual(await rest.create("/bookings", {}), { id: "x" });
  const keys = sent.filter(({ url }) => url.endsWith("/bookings")).map(({ headers }) => headers["Idempotency-Key"]);
  assert.equal(keys.length, 2);
  assert.equal(new Set(keys).size, 1);
  assert.match(newKey(), /^[0-9a-f]{32}$/);
});

test("a list is read to its end, or until there is enough", async () => {
  const pages = [{ items: [1, 2], next: "m" }, { items: [3], next: null }].map((body) => ({ status: 200, body }));
  assert.deepEqual(await server([...pages]).rest.all("/a"), { items: [1, 2, 3], more: false });
  assert.deepEqual(await server([...pages]).rest.all("/a", {}, 2), { items: [1, 2], more: true });
});

/** Headers come, then as much as is pushed; as a browser's, it breaks when it is given up. */
function stalling() {
  const piece: { push: (bytes: Uint8Array) => void; end: () => void } = { push: () => undefined, end: () => undefined };
  const given = { up: false };
  const fetching = ((_: string, { signal }: RequestInit) => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        piece.push = (bytes) => controller.enqueue(bytes);
        piece.end = () => controller.close();
        signal?.addEventListener("abort", () => {
          given.up = true;
          controller.error(new DOMException("", "AbortError"));
        });
      },
    });
    return Promise.resolve(new Response(body));
  }) as typeof fetch;
  return { piece, given, rest: new Rest(fetching, () => undefined) };
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const turn = (): Promise<void> => new Promise(setImmediate);

test("an answer that stops in the middle is no answer", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { piece, given, rest } = stalling();
  const asked = rest.get("/resources/a/transcript", {}, { timeoutMs: 1_000 });
  const over = assert.rejects(asked, (error: RestProblem) => error.code === "offline");
  await turn();
  for (let many = 0; many < 5; many += 1) {
    context.mock.timers.tick(900);
    assert.ok(!given.up, "slow, but it comes");
    piece.push(bytes(" "));
    await turn();
  }
  context.mock.timers.tick(1_001);
  assert.ok(given.up);
  await over;
});

test("a question that is given up is not answered to its end", async () => {
  const { given, rest } = stalling();
  const abort = new AbortController();
  const over = assert.rejects(rest.get("/library/search", {}, { signal: abort.signal }), (error) => cancelled(error));
  await turn();
  abort.abort();
  await over;
  assert.ok(given.up);
});

test("a letter that comes in two pieces is one", async () => {
  const { piece, rest } = stalling();
  const asked = rest.get<string>("/a");
  await turn();
  piece.push(bytes('"课"').slice(0, 2));
  piece.push(bytes('"课"').slice(2));
  piece.end();
  assert.equal(await asked, "课");
});

test("what is sent once more keeps its key; something else has another", () => {
  const once = new Once();
  const key = once.keyOf({ at_ms: 4_000, text: "好" });
  assert.equal(once.keyOf({ at_ms: 4_000, text: "好" }), key);
  const other = once.keyOf({ at_ms: 5_000, text: "好" });
  assert.notEqual(other, key);
  once.over();
  assert.notEqual(once.keyOf({ at_ms: 5_000, text: "好" }), other, "it was done: this is another one");
  assert.deepEqual([new RestProblem(0, "offline"), new RestProblem(503, "busy"), new RestProblem(422, "key_reused"), new Error("x"), null].map(unanswered), [true, true, false, false, false]);
});
