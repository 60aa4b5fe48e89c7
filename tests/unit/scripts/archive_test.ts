import assert from "node:assert/strict";
import { isReachable } from "../../../scripts/distributions/archive.ts";
import { freePort } from "../../lab/free_port.ts";

Deno.test("an archive is reached through a proxy, and has to have the suite", async () => {
  const asked: string[] = [];
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => {
      asked.push(`${request.method} ${request.url}`);
      return new Response(null, { status: request.url.includes("/sid/") ? 200 : 404 });
    },
  );
  const proxy = `http://127.0.0.1:${server.addr.port}`;
  const archive = "http://archive.invalid/debian";
  assert.equal(await isReachable(archive, "sid", proxy), true);
  assert.deepEqual(asked, [`HEAD ${archive}/dists/sid/InRelease`]);
  await assert.rejects(isReachable(`${archive}/`, "none", proxy), /\/debian\/dists\/none.* 404/);
  assert.equal(await isReachable(`http://127.0.0.1:${freePort()}`, "sid", null), false);
});
