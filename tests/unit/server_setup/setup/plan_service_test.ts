import assert from "node:assert/strict";
import fc from "fast-check";
import { differenceText } from "../../../../src/admin/commands/setup/difference.ts";
import { PLAIN } from "../../../../src/admin/terminal/screen.ts";
import { Failure } from "../../../../src/core/failure.ts";
import { settingLines } from "../../../../src/server_setup/configuration/setting_lines.ts";
import { readConfig } from "../../../../src/server_setup/openvpn_config/read_config.ts";
import { combined, editedText } from "../../../../src/server_setup/setup/lines.ts";
import { moveSettings } from "../../../../src/server_setup/setup/move_settings.ts";
import { planSetup } from "../../../../src/server_setup/setup/plan.ts";
import { planReturn } from "../../../../src/server_setup/setup/plan_return.ts";
import { planService, requireServed } from "../../../../src/server_setup/setup/plan_service.ts";
import { requireSound } from "../../../../src/server_setup/setup/require_sound.ts";
import { encodeLatin1 } from "../../../../src/text/latin1.ts";

const PROGRAM = "/usr/local/bin/openvpn-totp";
const PATH = "/etc/openvpn/server/server.conf";
const SOCKET = "/run/openvpn-totp/server.sock";
const HEADING =
  "# The service openvpn-totp decides about logins (back to hooks: openvpn-totp setup --hook).\n";
const SERVED = `${HEADING}management ${SOCKET} unix\nmanagement-client-auth\n` +
  "management-client-user openvpn-totp\nmanagement-hold\n";
const VERIFY = `auth-user-pass-verify ${PROGRAM} via-file\n`;
const ANSWER = `client-crresponse ${PROGRAM}\n`;
const TOKEN = "auth-gen-token\n";

function configOf(text: string, others: Record<string, string> = {}) {
  return readConfig(PATH, {
    directory: "/etc/openvpn/server",
    readFile(path) {
      const content = path === PATH ? text : others[path];
      if (content === undefined) throw new Error("it isn't there");
      return encodeLatin1(content);
    },
  });
}

const isProgram = (path: string) => path === PROGRAM;

/** The configuration after `setup --serve`. */
function served(text: string, hasProxy = false, others: Record<string, string> = {}): string {
  const wish = { path: PATH, socket: SOCKET, hasProxy, isProgram, tokenSecret: null };
  const before = configOf(text, others);
  const after = editedText(planService(text, before, wish));
  requireServed(before, configOf(after, others), wish);
  return after;
}

/** The configuration after `setup --hook`. */
function hooked(text: string, settings: Record<string, string> = {}): string {
  const first = planReturn(text, configOf(text), {
    path: PATH,
    settings: new Map(Object.entries(settings)),
  });
  const between = editedText(first);
  const wish = { path: PATH, program: PROGRAM, replace: false, tokenSecret: null, isProgram };
  const second = planSetup(between, configOf(between), wish);
  const after = editedText(combined(first, second));
  assert.equal(after, editedText(second));
  requireSound(configOf(between), configOf(after), wish);
  return after;
}

/** The values of a configuration's settings, as they are moved to the service. */
function settingsOf(text: string): Record<string, string> {
  const lines = settingLines(configOf(text));
  return Object.fromEntries(
    moveSettings(lines, { path: "/x", text: null, isShared: false }).values,
  );
}

Deno.test("setup --serve sets hooks and settings aside, and adds the service's lines", () => {
  const rows: [before: string, after: string][] = [
    ["", `${SERVED}\n${tokenLines()}`],
    [`dev tun\n${TOKEN}`, `dev tun\n${TOKEN}\n${SERVED}`],
    [
      `dev tun\n${VERIFY}port 1\n${ANSWER}${TOKEN}`,
      `dev tun\n#hook# ${VERIFY}${SERVED}port 1\n#hook# ${ANSWER}${TOKEN}`,
    ],
    [
      `${TOKEN}\tsetenv totpLog syslog # mine\nsetenv other x\nsetenv totpNothing 1`,
      `${TOKEN}#hook# \tsetenv totpLog syslog # mine\n${SERVED}setenv other x\nsetenv totpNothing 1`,
    ],
    [`${TOKEN}${VERIFY.trimEnd()}`, `${TOKEN}#hook# ${VERIFY}${SERVED.trimEnd()}`],
    [`${TOKEN}${SERVED}`, `${TOKEN}${SERVED}`],
    [
      `${TOKEN}management ${SOCKET} unix\nmanagement-client-user nobody\n`,
      `${TOKEN}management ${SOCKET} unix\n#hook# management-client-user nobody\n${HEADING}` +
      "management-client-auth\nmanagement-client-user openvpn-totp\nmanagement-hold\n",
    ],
    [
      `${TOKEN}auth-user-pass-verify /etc/ldap.sh via-env\nscript-security 3\nuser nobody\n`,
      `${TOKEN}auth-user-pass-verify /etc/ldap.sh via-env\nscript-security 3\nuser nobody\n\n${SERVED}`,
    ],
    [
      `\xef\xbb\xbf${VERIFY.replace("\n", "\r\n")}${TOKEN.replace("\n", "\r\n")}`,
      `\xef\xbb\xbf#hook# ${VERIFY.replace("\n", "\r\n")}${SERVED.replaceAll("\n", "\r\n")}` +
      TOKEN.replace("\n", "\r\n"),
    ],
  ];
  for (const [before, after] of rows) assert.equal(served(before), after, before);
});

function tokenLines(): string {
  return "# Allow OpenVPN to reauthenticate during renegotiation without prompting for TOTP " +
    "again.\nauth-gen-token\n";
}

Deno.test("setup --serve takes an administrator's management interface only for a proxy", () => {
  const own = `${TOKEN}management 127.0.0.1 7505\nmanagement-client-group adm\nmanagement-hold\n`;
  assert.throws(() => served(own), (error) => {
    assert(error instanceof Failure && error.code === "config_error");
    assert.match(error.message, /already set in .*:2 \("127\.0\.0\.1 7505"\).*--management-proxy/);
    return true;
  });
  const after = `${TOKEN}#hook# management 127.0.0.1 7505\n${SERVED}` +
    "#hook# management-client-group adm\n#hook# management-hold\n";
  assert.equal(served(own, true), after);
  assert.equal(hooked(after).slice(0, own.length), own);
});

Deno.test("setup --serve leaves alone what is in other files", () => {
  const others = { "/etc/openvpn/server/common": "setenv totpLog syslog\n" };
  assert.throws(
    () => served(`${TOKEN}config common\n`, false, others),
    /totpLog is set in \S+\/common:1, .* write "totpLog syslog" into .*serve\.conf, remove the line/,
  );
});

Deno.test("setup --hook takes values that were changed meanwhile", () => {
  const before = `${VERIFY}${ANSWER}${TOKEN}script-security 2\nsetenv totpDriftSteps 2\n` +
    'setenv totpChallengeText "a b"\nsetenv totpMaxFailures 3\n';
  const settings = {
    totpDriftSteps: "2",
    totpChallengeText: 'say "é"',
    totpIssuerName: "My VPN",
  };
  assert.equal(
    hooked(served(before), settings),
    `${VERIFY}${ANSWER}${TOKEN}script-security 2\nsetenv totpDriftSteps 2\n` +
      'setenv totpChallengeText "say \\"\xc3\xa9\\""\n\nsetenv totpIssuerName "My VPN"\n',
  );
});

/** Lines of which configurations are made, all of which a hook needs among them. */
const LINES = [
  "dev tun",
  "# a comment",
  "",
  "  \t",
  "#hook#nothing",
  "\tsetenv totpLog syslog ; here",
  "setenv totpDriftSteps 2",
  "setenv totpDriftSteps 3",
  '--setenv totpChallengeText "Code \xc3\xa9 \\"now\\""',
  "setenv other totpLog",
  "user nobody",
  "<ca>\nmanagement 127.0.0.1 1\n#hook# port 7\n" + HEADING + "</ca>",
];
const NEEDED = [VERIFY.trim(), ANSWER.trim(), TOKEN.trim(), "script-security 2"];

Deno.test("setup --serve and then --hook give the same bytes", () => {
  const texts = fc.tuple(
    fc.array(fc.constantFrom(...LINES), { maxLength: 8 })
      .chain((lines) =>
        fc.shuffledSubarray([...lines, ...NEEDED], { minLength: lines.length + 4 })
      ),
    fc.constantFrom("\n", "\r\n"),
    fc.boolean(),
    fc.boolean(),
  ).map(([lines, end, hasMark, hasEnd]) =>
    (hasMark ? "\xef\xbb\xbf" : "") +
    lines.join("\n").replaceAll("\n", end) + (hasEnd ? end : "")
  );
  fc.assert(fc.property(texts, (text) => {
    const there = served(text);
    assert.notEqual(there, text);
    assert.equal(served(there), there);
    assert.equal(hooked(there, settingsOf(text)), text);
  }));
});

Deno.test("the difference hides inline blocks after lines that were added", () => {
  const text = `${TOKEN}${VERIFY}${ANSWER}<key>\nSECRET\nSECRET\n</key>\nport 1\n`;
  const config = configOf(text);
  const wish = { path: PATH, socket: SOCKET, hasProxy: false, isProgram, tokenSecret: null };
  const shown = differenceText(PATH, planService(text, config, wish), config, PLAIN);
  assert.doesNotMatch(shown, /SECRET/);
  assert.match(shown, /^\+management-client-auth$/m);
  assert.match(shown, /^ <key>\n \[not shown\]\n/m);
});
