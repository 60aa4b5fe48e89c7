import assert from "node:assert/strict";
import { readConfig } from "../../../../src/server_setup/openvpn_config/read_config.ts";

Deno.test("readConfig soon gives up on files that include each other without end", () => {
  const comment = `#${"x".repeat(200)}\n`;
  const cases: [include: string, included: string, error: RegExp][] = [
    [
      "config b\n".repeat(5000),
      comment.repeat(2000),
      /more than 16777216 bytes/,
    ],
    ["config b\n".repeat(200), "x\n".repeat(100), /more than 10000 lines/],
    ["config a\n", "", /include each other more than 10 levels deep/],
  ];
  for (const [include, included, error] of cases) {
    let reads = 0;
    const { error: stop, files } = readConfig("/a", {
      directory: "/",
      readFile: (path) => {
        reads++;
        return new TextEncoder().encode(path === "/a" ? include : included);
      },
    });
    assert.match(stop!.message, error);
    assert(reads <= 101, `${reads} reads`);
    assert.equal(files[0], "/a");
  }
});
