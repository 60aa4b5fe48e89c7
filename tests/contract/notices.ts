import assert from "node:assert/strict";
import { type Engine, withAlice } from "./stores.ts";

/** Notices, which need not be given each time. */
export function testNotices(engine: Engine): void {
  const test = (name: string, work: Parameters<typeof withAlice>[1]) =>
    engine.test(name, () => withAlice(engine, work));

  test("a notice is due once, until its time has passed", async ({ logins }) => {
    const isDue = (now: number, since: number, notice = "n") =>
      logins.transaction((records) => records.isNoticeDue(notice, now, since));
    assert.equal(await isDue(1000, 0), true);
    assert.equal(await isDue(1001, 999), false);
    assert.equal(await isDue(1001, 999, "other"), true);
    assert.equal(await isDue(2000, 1000), true);
    assert.equal(await isDue(2001, 1001), false);
    // The clock was set back: it must not be silent until then.
    assert.equal(await isDue(500, 0), true);
    assert.deepEqual((await Promise.all([isDue(9000, 8000), isDue(9000, 8000)])).toSorted(), [
      false,
      true,
    ]);
  });
}
