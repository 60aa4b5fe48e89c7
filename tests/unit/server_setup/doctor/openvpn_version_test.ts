import assert from "node:assert/strict";
import { findOpenvpn } from "../../../../src/server_setup/doctor/openvpn_version.ts";
import { makeTestDirectory } from "../../../lab/program.ts";

Deno.test("OpenVPN's path has no links in it, as the kernel's security modules see it", async () => {
  await using directory = await makeTestDirectory();
  const path = await Deno.realPath(directory.path);
  await Deno.mkdir(`${path}/bin`);
  await Deno.symlink("bin", `${path}/sbin`);
  await Deno.writeTextFile(`${path}/bin/openvpn`, "\0OpenVPN 2.7.0 x86_64-pc-linux-gnu [SSL]");
  const openvpn = { path: `${path}/bin/openvpn`, version: "2.7.0" };
  const other = { openvpn, openvpnTrouble: null };
  assert.deepEqual(findOpenvpn(`${path}/sbin/openvpn`, null), other);
  assert.deepEqual(findOpenvpn(undefined, `${path}/sbin/openvpn`), other);
  assert.deepEqual(findOpenvpn(undefined, "openvpn"), findOpenvpn(undefined, null));
});

Deno.test("no other OpenVPN stands in for the one that is named or that the unit starts", async () => {
  await using directory = await makeTestDirectory();
  const { path } = directory;
  await Deno.writeTextFile(`${path}/openvpn`, "\0OpenVPN 2.7.0 x86_64-pc-linux-gnu [SSL]");
  const trouble = (...args: Parameters<typeof findOpenvpn>) => {
    const { openvpn, openvpnTrouble } = findOpenvpn(...args);
    assert.equal(openvpn, null);
    return openvpnTrouble;
  };
  assert.equal(trouble(`${path}/gone`, `${path}/openvpn`), `${path}/gone is not a file`);
  assert.equal(trouble(undefined, `${path}/a`), `${path}/a, which the unit starts, is not a file`);
  assert.equal(
    trouble(undefined, "/bin/sh"),
    "/bin/sh, which the unit starts, is not OpenVPN's own program",
  );
});
