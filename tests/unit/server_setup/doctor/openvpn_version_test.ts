import assert from "node:assert/strict";
import { findOpenvpn } from "../../../../src/server_setup/doctor/openvpn_version.ts";
import { makeTestDirectory } from "../../../lab/program.ts";

Deno.test("OpenVPN's path has no links in it, as the kernel's security modules see it", async () => {
  await using directory = await makeTestDirectory();
  const path = await Deno.realPath(directory.path);
  await Deno.mkdir(`${path}/bin`);
  await Deno.symlink("bin", `${path}/sbin`);
  await Deno.writeTextFile(`${path}/bin/openvpn`, "\0OpenVPN 2.7.0 x86_64-pc-linux-gnu [SSL]");
  const other = { path: `${path}/bin/openvpn`, version: "2.7.0" };
  assert.deepEqual(findOpenvpn(`${path}/sbin/openvpn`, null), other);
  assert.equal(findOpenvpn(`${path}/gone`, `${path}/sbin/openvpn`), null);
  // What the unit starts comes before the usual places; what is no OpenVPN does not.
  assert.deepEqual(findOpenvpn(undefined, `${path}/sbin/openvpn`), other);
  assert.deepEqual(findOpenvpn(undefined, "/bin/sh"), findOpenvpn(undefined, null));
});
