import assert from "node:assert/strict";
import { requireAllowed } from "../../../../scripts/release/allowed.ts";
import { namesOf } from "../../../../scripts/release/names.ts";
import { readOptions } from "../../../../scripts/release/options.ts";
import { mustRun } from "../../../lab/command.ts";
import { OWN_BASE } from "../../../lab/packages.ts";
import { testWith } from "../../../lab/requirements.ts";

const FOREIGN = { ...OWN_BASE, origin: "package", package: "@scope/some@1.2.3" } as const;

testWith([], "a release's names have version and architecture, and say whose base it is", () => {
  const own = namesOf("1.2.3", "x86_64-unknown-linux-gnu", OWN_BASE);
  assert.equal(own.debian.file, "openvpn-totp_1.2.3-1_amd64.deb");
  assert.equal(own.rpm.file, "openvpn-totp-1.2.3-1.x86_64.rpm");
  assert.equal(own.archive, "openvpn-totp-1.2.3-linux-x86_64.tar.gz");
  assert.equal(own.directory, "openvpn-totp-1.2.3");
  const foreign = namesOf("1.2.3", "aarch64-unknown-linux-gnu", FOREIGN);
  assert.equal(foreign.debian.file, "openvpn-totp_1.2.3-0+third.party.base_arm64.deb");
  assert.equal(foreign.rpm.file, "openvpn-totp-1.2.3-0.third.party.base.aarch64.rpm");
  for (const name of [foreign.program, foreign.archive, foreign.sbom]) {
    assert.match(name, /^openvpn-totp-1\.2\.3-third-party-base-linux-aarch64/);
  }
});

testWith(["dpkg"], "Debian orders versions as they are meant", async () => {
  const debian = (version: string, base = OWN_BASE) =>
    namesOf(version, "x86_64-unknown-linux-gnu", base).debian.version;
  for (
    const [older, newer] of [
      [debian("1.0.0-rc.1"), debian("1.0.0")],
      [debian("1.0.0"), debian("1.0.1")],
      [debian("1.0.0", FOREIGN), debian("1.0.0")],
      [debian("1.0.0"), debian("1.0.1", FOREIGN)],
    ]
  ) {
    await mustRun("dpkg", ["--compare-versions", older!, "lt", newer!]);
  }
});

testWith([], "what is no version is refused", () => {
  for (const version of ["1.0", "1.0.0\n", "v1.0.0", "1.0.0-x y", "1.0.0-a-b", "../1.0.0"]) {
    assert.throws(() => namesOf(version, "x86_64-unknown-linux-gnu", OWN_BASE), /the version is/);
  }
});

testWith([], "a release on somebody else's base has to be asked for", () => {
  requireAllowed(OWN_BASE, { thirdPartyBase: false });
  requireAllowed({ ...OWN_BASE, origin: "given" }, { thirdPartyBase: false });
  requireAllowed(FOREIGN, readOptions(["--third-party-base"]));
  assert.throws(
    () => requireAllowed(FOREIGN, readOptions([])),
    /npm package @scope\/some@1\.2\.3.*--third-party-base/,
  );
});

testWith([], "options that make no sense are refused", () => {
  for (
    const args of [
      ["--maintainer", "Somebody"],
      ["--maintainer", "A\nB <a@b.test>"],
      ["--maintainer", "A, B <a@b.test>"],
      ["--maintainer", "A %(id) <a@b.test>"],
      ["--maintainer", "A\rB <a@b.test>"],
      ["--compression", "10"],
      ["--target", "riscv64"],
      ["--version", "2.0.0"],
      ["word"],
    ]
  ) {
    assert.throws(() => readOptions(args), args.join(" "));
  }
});
