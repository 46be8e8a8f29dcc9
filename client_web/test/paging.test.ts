import assert from "node:assert/strict";
import { test } from "node:test";
import { Paging } from "../src/lib/paging.ts";
import type { Page } from "../src/lib/rest.ts";

/** A list in pages of two, whose answers come when they are let. */
function list(rows: number[]) {
  const held: { after: string; answer: () => void; fail: () => void }[] = [];
  const load = (after: string): Promise<Page<number>> =>
    new Promise((done, fail) => {
      const from = Number(after || 0);
      const answer = (): void => done({ items: rows.slice(from, from + 2), next: from + 2 < rows.length ? String(from + 2) : null });
      held.push({ after, answer, fail: () => fail(new Error("no")) });
    });
  const paging = new Paging(load, () => undefined);
  const settle = async (end: "answer" | "fail" = "answer"): Promise<void> => {
    while (held.length) {
      held.shift()?.[end]();
      await new Promise(setImmediate);
    }
  };
  return { paging, settle, held };
}

test("what is shown is asked for again, whatever page it is on", async () => {
  const rows = [1, 2, 3, 4, 5];
  const { paging, settle } = list(rows);
  void paging.again();
  await settle();
  void paging.more();
  await settle();
  assert.deepEqual([paging.rows, paging.next], [[1, 2, 3, 4], "4"]);
  rows[3] = 44;
  void paging.again();
  assert.deepEqual([paging.rows, paging.asking, paging.adding], [[1, 2, 3, 4], true, false], "it stays meanwhile");
  await settle();
  assert.deepEqual([paging.rows, paging.next, paging.asking], [[1, 2, 3, 44], "4", false]);
});

test("more that is under way is not lost to asking again", async () => {
  const { paging, settle } = list([1, 2, 3, 4, 5]);
  void paging.again();
  await settle();
  void paging.more();
  assert.ok(paging.adding);
  void paging.again();
  await settle();
  assert.deepEqual(paging.rows, [1, 2, 3, 4]);
});

test("a list that has become shorter ends", async () => {
  const rows = [1, 2, 3, 4];
  const { paging, settle } = list(rows);
  void paging.again();
  await settle();
  void paging.more();
  await settle();
  rows.splice(1);
  void paging.again();
  await settle();
  assert.deepEqual([paging.rows, paging.next], [[1], null]);
});

test("trouble leaves what is shown, and trying again brings all that was wanted", async () => {
  const { paging, settle } = list([1, 2, 3, 4]);
  void paging.again();
  await settle();
  void paging.more();
  await settle("fail");
  assert.deepEqual([paging.rows, paging.problem instanceof Error, paging.adding], [[1, 2], true, false]);
  void paging.again();
  await settle();
  assert.deepEqual([paging.rows, paging.problem], [[1, 2, 3, 4], null]);
});

test("an answer that was overtaken does not count", async () => {
  const { paging, settle, held } = list([1, 2]);
  void paging.again();
  void paging.again();
  const [first] = held.splice(0, 1);
  await settle("fail");
  first?.answer();
  await settle();
  assert.deepEqual([paging.rows, paging.problem instanceof Error], [null, true]);
});
