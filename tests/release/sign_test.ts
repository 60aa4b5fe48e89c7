import assert from "node:assert/strict";
import { sign } from "../../scripts/release/sign.ts";
import { testAlone } from "../lab/alone.ts";
import { mustRun, run } from "../lab/command.ts";
import { makeTestDirectory } from "../lab/program.ts";

const NAME = "a signature of the sums verifies, and not for other sums";

testAlone(import.meta.url, ["minisign"], NAME, async () => {
  await using directory = await makeTestDirectory();
  const { path } = directory;
  await mustRun("minisign", ["-G", "-W", "-p", `${path}/public`, "-s", `${path}/secret`]);
  await Deno.writeTextFile(`${path}/SHA256SUMS`, "sum  file\n");
  Deno.umask(0o077);
  assert.equal(await sign(path, `${path}/secret`, "openvpn-totp-1.2.3"), "SHA256SUMS.minisig");
  assert.equal(Deno.statSync(`${path}/SHA256SUMS.minisig`).mode! & 0o777, 0o644);
  const verify = () => run("minisign", ["-V", "-p", `${path}/public`, "-m", `${path}/SHA256SUMS`]);
  const { status, stdout } = await verify();
  assert.equal(status, 0);
  assert.match(stdout, /Trusted comment: openvpn-totp-1\.2\.3/);
  await Deno.writeTextFile(`${path}/SHA256SUMS`, "another sum  file\n");
  assert.notEqual((await verify()).status, 0);
  await assert.rejects(sign(path, `${path}/public`, "1.2.3"), /did not sign with/);
});
