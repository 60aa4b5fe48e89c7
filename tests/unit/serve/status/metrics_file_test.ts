import assert from "node:assert/strict";
import { keepMetricsFile } from "../../../../src/serve/status/metrics_file.ts";
import { makeTestDirectory } from "../../../lab/program.ts";

/** Resolves each time that the metrics are asked for, with how often that was. */
function turns() {
  let count = 0;
  let next = Promise.withResolvers<void>();
  return {
    metrics() {
      count++;
      next.resolve();
      next = Promise.withResolvers();
      return `turn ${count}\n`;
    },
    /** Waits until the metrics have been asked for so many times. */
    async reach(wanted: number) {
      while (count < wanted) await next.promise;
    },
  };
}

Deno.test("a metrics file is whole, readable by all, and gone at the end", async () => {
  await using directory = await makeTestDirectory();
  const path = `${directory.path}/openvpn_totp.prom`;
  const { metrics, reach } = turns();
  const failed = (why: string) => assert.fail(why);
  const file = keepMetricsFile(path, { metrics, failed }, 1);
  await reach(2);
  assert.match(await Deno.readTextFile(path), /^turn \d+\n$/);
  assert.equal(Deno.statSync(path).mode! & 0o777, 0o644);
  const first = Deno.statSync(path).ino;
  await reach(5);
  assert.notEqual(Deno.statSync(path).ino, first, "it is replaced, never written over");
  await file.close();
  assert.deepEqual([...Deno.readDirSync(directory.path)], []);
});

Deno.test("a metrics file's trouble is told once until it works again", async () => {
  await using directory = await makeTestDirectory();
  const place = `${directory.path}/place`;
  const { metrics, reach } = turns();
  const told: string[] = [];
  const file = keepMetricsFile(`${place}/x.prom`, {
    metrics,
    failed(why) {
      told.push(why);
      throw new Error("nobody listens");
    },
  }, 1);
  await reach(4);
  assert.equal(told.length, 1);
  assert.match(told[0]!, /^cannot write the metrics to ".*\/place\/x\.prom": No such file/);
  // Three turns: the first may have begun before the change, and the third is after the second's end.
  await Deno.mkdir(place);
  await reach(7);
  assert.equal(told.length, 1);
  await reach(8);
  await Deno.rename(place, `${place}.away`);
  await reach(12);
  assert.equal(told.length, 2);
  await file.close();
});

Deno.test("metrics that can't be told are no reason to stop", async () => {
  await using directory = await makeTestDirectory();
  const told: string[] = [];
  const failed = (why: string) => void told.push(why);
  const { metrics, reach } = turns();
  let isBroken = true;
  const file = keepMetricsFile(`${directory.path}/x.prom`, {
    metrics() {
      const text = metrics();
      if (isBroken) throw new Error("no state");
      return text;
    },
    failed,
  }, 1);
  await reach(3);
  isBroken = false;
  await reach(5);
  assert.deepEqual(told.map((why) => why.replace(/.*: /, "")), ["no state"]);
  await file.close();
});

Deno.test("a metrics file follows no link, and removes nothing that it didn't write", async () => {
  await using directory = await makeTestDirectory();
  const path = `${directory.path}/x.prom`;
  const precious = `${directory.path}/precious`;
  await Deno.writeTextFile(precious, "mine");
  await Deno.symlink(precious, `${path}.tmp`);
  await Deno.symlink(precious, path);
  const { metrics, reach } = turns();
  const failed = (why: string) => assert.fail(why);
  const file = keepMetricsFile(path, { metrics, failed }, 1);
  await reach(3);
  await file.close();
  assert.equal(await Deno.readTextFile(precious), "mine");

  await Deno.mkdir(path);
  const told = Promise.withResolvers<string>();
  const other = keepMetricsFile(path, { metrics, failed: told.resolve }, 1);
  await told.promise;
  await other.close();
  assert(Deno.lstatSync(path).isDirectory);
  assert.deepEqual([...Deno.readDirSync(directory.path)].map(({ name }) => name).toSorted(), [
    "precious",
    "x.prom",
  ]);
});
