/** A file on its way to the library. (`fetch` does not say how far an upload is.) */

import { ROOT, RestProblem, problemOf, withQuery, type Query, type Rest } from "../lib/rest.ts";

export interface Sending {
  /** For what the person does once. */
  key: string;
  signal: AbortSignal;
  /** Bytes. */
  progress: (sent: number) => void;
}

/** @throws RestProblem; an `AbortError` when it was given up. */
export async function upload(rest: Rest, file: File, query: Query, { key, signal, progress }: Sending): Promise<{ id: string }> {
  const { csrf } = await rest.me();
  const request = new XMLHttpRequest();
  request.open("POST", withQuery(`${ROOT}/resources/upload`, query));
  request.setRequestHeader("Accept", "application/json");
  request.setRequestHeader("X-CSRF-Token", csrf);
  request.setRequestHeader("Idempotency-Key", key);
  request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
  request.upload.onprogress = (event) => progress(event.loaded);
  const give = (): void => request.abort();
  signal.addEventListener("abort", give);
  try {
    await new Promise<void>((done, fail) => {
      request.onload = () => done();
      request.onerror = request.ontimeout = () => fail(new RestProblem(0, "offline"));
      request.onabort = () => fail(new DOMException("", "AbortError"));
      if (signal.aborted) fail(new DOMException("", "AbortError"));
      else request.send(file);
    });
  } finally {
    signal.removeEventListener("abort", give);
  }
  const { status, responseText: text } = request;
  if (status < 200 || status > 299) throw problemOf({ status, text });
  return JSON.parse(text) as { id: string };
}

/** What a file is called without what follows its last dot. */
export function titleOf(name: string): string {
  return name.replace(/\.[A-Za-z0-9]{1,5}$/, "").trim() || name;
}

export function megabytes(bytes: number): string {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}
