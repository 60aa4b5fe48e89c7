import assert from "node:assert/strict";
import { checkCommonName } from "../../../../src/server_setup/doctor/common_name_check.ts";
import { settingsIn } from "../../../../src/server_setup/doctor/settings_in_config.ts";
import { readConfig } from "../../../../src/server_setup/openvpn_config/read_config.ts";

const SAME = "setenv totpCommonName same";
const IGNORING_CASE = "setenv totpCommonName same-ignoring-case";

/** Lines of a configuration, the level of what is found, and the line that it is about. */
const CASES: [lines: string[], level: string, at: number | null][] = [
  [[], "ok", null],
  [["verify-client-cert none"], "ok", null],
  [["setenv totpCommonName any", "username-as-common-name"], "ok", null],
  [[SAME], "ok", null],
  [[IGNORING_CASE, "verify-client-cert require"], "ok", null],
  [["verify-client-cert none", SAME], "problem", 2],
  [[IGNORING_CASE, "client-cert-not-required"], "problem", 1],
  [[SAME, "verify-client-cert optional"], "warning", 1],
  [[SAME, "username-as-common-name"], "warning", 2],
  [[SAME, "setenv totpCommonName any", "verify-client-cert none"], "ok", null],
];

Deno.test("checkCommonName finds where totpCommonName has nothing to compare with", () => {
  for (const [lines, level, line] of CASES) {
    const config = readConfig("/etc/openvpn/server.conf", {
      directory: "/etc/openvpn",
      readFile: () => new TextEncoder().encode(lines.join("\n")),
    });
    const findings = checkCommonName({ config, settings: settingsIn(config) });
    assert.deepEqual(
      findings.map(({ id, level, at }) => [id, level, at]),
      [["common_name", level, line === null ? null : `/etc/openvpn/server.conf:${line}`]],
      lines.join(", "),
    );
  }
});
