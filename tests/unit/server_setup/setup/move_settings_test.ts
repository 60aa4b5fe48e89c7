import assert from "node:assert/strict";
import { settingLines } from "../../../../src/server_setup/configuration/setting_lines.ts";
import { readConfig } from "../../../../src/server_setup/openvpn_config/read_config.ts";
import { moveSettings } from "../../../../src/server_setup/setup/move_settings.ts";
import { parseSettingsFile } from "../../../../src/settings_file.ts";

function move(config: string, text: string | null, isShared = false) {
  const lines = settingLines(readConfig("/s.conf", {
    directory: "/",
    readFile: () => new TextEncoder().encode(config),
  }));
  return moveSettings(lines, { path: "/serve.conf", text, isShared });
}

Deno.test("moveSettings moves each setting's last value", () => {
  const config = 'setenv totpDriftSteps 2\nsetenv totpDriftSteps 3\nsetenv totpIssuerName "a \\"b"';
  const { text, values, changes } = move(config, null);
  assert.match(text!, /^# .*\n# .*\ntotpDriftSteps 3\ntotpIssuerName a "b\n$/);
  assert.deepEqual(parseSettingsFile(text!, "/serve.conf"), values);
  assert.deepEqual(changes, []);
  assert.equal(move(config, text).text, null);
  assert.equal(move("", null).text, null);
});

Deno.test("moveSettings leaves what the administrator wrote", () => {
  const old = "# mine\ntotpLog   syslog";
  const { text, changes } = move("setenv totpDriftSteps 2", old);
  assert.equal(text, `${old}\ntotpDriftSteps 2\n`);
  assert.deepEqual(changes, ['totpLog becomes "syslog" for this server, as /serve.conf says']);
});

Deno.test("moveSettings refuses what the service cannot have", () => {
  const rows: [config: string, text: string | null, isShared: boolean, message: RegExp][] = [
    ["setenv totpDriftSteps 11", null, false, /"11" in \/s\.conf:1, expected a whole number from/],
    ["setenv totpDriftSteps 2", "totpDriftSteps 3", false, /"2" in \/s\.conf:1, and "3" for the/],
    ["setenv totpDriftSteps 2", "", true, /is "2" in \/s\.conf:1, and "1" for the service/],
    ["setenv totpDriftSteps 2", "totpNothing 1", false, /^\/serve\.conf:1 sets "totpNothing"/],
  ];
  for (const [config, text, isShared, message] of rows) {
    assert.throws(() => move(config, text, isShared), { message });
  }
  // A default that was written down is written down on the way back, too.
  assert.equal(move("setenv totpDriftSteps 1", "", true).text, "totpDriftSteps 1\n");
});
