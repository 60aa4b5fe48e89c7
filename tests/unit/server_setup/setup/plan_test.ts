import assert from "node:assert/strict";
import fc from "fast-check";
import { differenceText } from "../../../../src/admin/commands/setup/difference.ts";
import { editedText } from "../../../../src/server_setup/setup/lines.ts";
import { decodeLatin1, encodeLatin1 } from "../../../../src/text/latin1.ts";
import { planSetup } from "../../../../src/server_setup/setup/plan.ts";
import { requireSound } from "../../../../src/server_setup/setup/require_sound.ts";
import { PLAIN } from "../../../../src/admin/terminal/screen.ts";
import { readConfig } from "../../../../src/server_setup/openvpn_config/read_config.ts";
import { Failure } from "../../../../src/core/failure.ts";
import { holds } from "../../../lab/fuzz.ts";

const PROGRAM = "/usr/local/bin/openvpn-totp";
const PATH = "/etc/openvpn/server/server.conf";
const HEADING = "# TOTP and PAM authentication";
const TOKEN =
  "# Allow OpenVPN to reauthenticate during renegotiation without prompting for TOTP again.\n" +
  "auth-gen-token\n";
const VERIFY = `auth-user-pass-verify ${PROGRAM} via-file\n`;
const ANSWER = `client-crresponse ${PROGRAM}\n`;
const ALL = `script-security 2\n${VERIFY}${ANSWER}auth-gen-token\n`;

function configOf(text: string, others: Record<string, string> = {}) {
  return readConfig(PATH, {
    directory: "/etc/openvpn/server",
    readFile: (path) => {
      const content = path === PATH ? text : others[path];
      if (content === undefined) throw new Error("it isn't there");
      return encodeLatin1(content);
    },
  });
}

function edit(
  text: string,
  { others = {}, replace = false, tokenSecret = null }: {
    others?: Record<string, string>;
    replace?: boolean;
    tokenSecret?: string | null;
  } = {},
): string {
  const isProgram = (path: string) => path === PROGRAM;
  const options = { path: PATH, program: PROGRAM, replace, tokenSecret, isProgram };
  const before = configOf(text, others);
  const after = editedText(planSetup(text, before, options));
  requireSound(before, configOf(after, others), options);
  return after;
}

Deno.test("setup changes existing lines in place, and adds the rest at the end", () => {
  const rows: [before: string, after: string][] = [
    ["", `${HEADING}\nscript-security 2\n${VERIFY}${ANSWER}\n${TOKEN}`],
    [
      "dev tun",
      `dev tun\n\n${HEADING}\nscript-security 2\n${VERIFY}${ANSWER}\n${TOKEN}`,
    ],
    [ALL, ALL],
    [ALL.trimEnd(), ALL.trimEnd()],
    [
      `${VERIFY}${ANSWER}auth-gen-token 0 external-auth\n\tscript-security 1 # mine\n`,
      `${VERIFY}${ANSWER}auth-gen-token 0 external-auth\n\tscript-security 2 # mine\n`,
    ],
    [ALL.replace("ty 2", "ty 3"), ALL.replace("ty 2", "ty 3")],
    [ALL.replace("via-file", "via-env"), ALL],
    [
      `# a\n${
        ALL.replaceAll(PROGRAM, "/etc/openvpn/openvpn_pam_totp.py")
      }; b\nsetenv totpLog syslog\n`,
      `# a\n${ALL}; b\nsetenv totpLog syslog\n`,
    ],
    [
      `auth-user-pass-verify "/usr/bin/python3 /x/totp.py" via-env\n${ALL}static-challenge "C" 1\nport 1\n`,
      `${ALL}port 1\n`,
    ],
    [
      `\xef\xbb\xbfscript-security 0\r\n${(VERIFY + ANSWER).replaceAll("\n", "\r\n")}`,
      `\xef\xbb\xbfscript-security 2\r\n${
        (VERIFY + ANSWER + "\n" + TOKEN).replaceAll("\n", "\r\n")
      }`,
    ],
    [
      `<ca>\nscript-security 1\nauth-gen-token\n</ca>`,
      `<ca>\nscript-security 1\nauth-gen-token\n</ca>\n\n${HEADING}\nscript-security 2\n${VERIFY}${ANSWER}\n${TOKEN}`,
    ],
    [`# caf\xe9\n${ALL}`, `# caf\xe9\n${ALL}`],
  ];
  for (const [before, after] of rows) assert.equal(edit(before), after);
});

Deno.test("setup adds the key for session tokens if it is asked to, once", () => {
  const secret = "/etc/openvpn/server/auth-token.key";
  const line = "# Keep session tokens valid when OpenVPN is restarted.\n" +
    `auth-gen-token-secret ${secret}\n`;
  const ask = (text: string) => edit(text, { tokenSecret: secret });
  assert.equal(ask(ALL), `${ALL}\n${line}`);
  assert.equal(ask(ask(ALL)), ask(ALL));
  assert.equal(
    ask(ALL.replace("auth-gen-token\n", "")),
    ALL.replace("auth-gen-token\n", "") +
      `\n${TOKEN}${line}`,
  );
  const relative = `${ALL}auth-gen-token-secret auth-token.key\n`;
  assert.equal(ask(relative), relative);
  for (
    const other of [
      "auth-gen-token-secret other.key\n",
      "<auth-gen-token-secret>\nx\n</auth-gen-token-secret>\n",
    ]
  ) {
    assert.throws(() => ask(ALL + other), /is already set in .*server\.conf:5: leave out/);
  }
});

Deno.test("setup leaves alone what it can't change safely", () => {
  const refuses = (
    text: string,
    message: RegExp,
    others: Record<string, string> = {},
  ) =>
    assert.throws(() => edit(text, { others }), (error) => {
      assert(error instanceof Failure, String(error));
      assert.match(error.message, message);
      return true;
    });
  refuses(
    "auth-user-pass-verify /etc/ldap.sh via-file\n",
    /conf:1 runs "\/etc\/ldap\.sh", and OpenVPN runs only one program there.* --replace/,
  );
  refuses(
    "config /etc/other\n",
    /is in \/etc\/other:2, which .* includes/,
    {
      "/etc/other": "\nscript-security 1\n",
    },
  );
  refuses(`${"x".repeat(253)}\\`, /safely/);
  const over = "auth-user-pass-verify /etc/ldap.sh via-file\n";
  assert.equal(
    edit(ALL + over, { replace: true }),
    `${ALL}${VERIFY}`.replace(VERIFY, ""),
  );
});

Deno.test("setup adds no session tokens with which OpenVPN would not start", () => {
  assert.throws(
    () => edit("reneg-sec 0\n"),
    /reneg-sec is 0 \(.*server\.conf:1\).* below 120,.*write "reneg-sec 3600"/,
  );
  assert.throws(() => edit("reneg-sec 500\nhand-window 300\n"), /does not start below 600/);
  assert.throws(
    () => edit("hand-window 2000\n"),
    /reneg-sec is 3600 \(OpenVPN's default\).* below 4000,.*write "reneg-sec 4000" into/,
  );
  assert.match(edit("reneg-sec 600\nhand-window 300\n"), /auth-gen-token/);
});

Deno.test("setup needs to run once: a second run changes nothing, and everything else stays", () => {
  const line = fc.constantFrom(
    "dev tun",
    "# comment",
    "",
    "script-security 1",
    "script-security 3",
    "auth-gen-token 86400",
    "static-challenge x 1",
    "setenv totpLog syslog",
    VERIFY.trim(),
    ANSWER.trim(),
    "client-crresponse /opt/totp.py # old",
    "<ca>\nscript-security 1\n</ca>",
    '  push "route 1"',
    "tls-server\r",
    "local 192.0.2.1 1195 tcp-server",
    "local *",
    "auth-user-pass-verify '/usr/bin/python3 /opt/my_totp.py' via-env",
  );
  holds(fc.property(fc.array(line), fc.boolean(), (lines, hasEnd) => {
    const text = lines.join("\n") + (hasEnd ? "\n" : "");
    const once = edit(text);
    assert.equal(edit(once), once);
    const kept = (text: string) =>
      text.split("\n").filter((one) => /^(dev|# comment|setenv|local| {2}push|tls)/.test(one));
    // A last line without an end gets the end that the others have.
    assert.deepEqual(kept(once), kept(once.endsWith("\r\n") && !hasEnd ? `${text}\r` : text));
  }));
});

Deno.test("the difference shows nothing of inline blocks", () => {
  const text = `dev tun\n<key>\nSECRET\n</key>`;
  const config = configOf(text);
  const lines = planSetup(text, config, {
    path: PATH,
    program: PROGRAM,
    replace: false,
    tokenSecret: null,
    isProgram: (path) => path === PROGRAM,
  });
  const shown = differenceText(PATH, lines, config, PLAIN);
  assert(!shown.includes("SECRET"));
  assert.match(shown, /^ <key>\n \[not shown\]\n <\/key>\n\+\n\+# TOTP/m);
});

Deno.test("bytes come back as they were", () => {
  holds(fc.property(fc.uint8Array(), (bytes) => {
    assert.deepEqual(encodeLatin1(decodeLatin1(bytes)), new Uint8Array(bytes));
  }));
});
