import assert from "node:assert/strict";
import type { Finding } from "../../../../src/server_setup/doctor/finding.ts";
import { checkPamStack } from "../../../../src/server_setup/doctor/pam_stack_checks.ts";
import type { PamStackFacts, SetUp } from "../../../../src/server_setup/doctor/set_up.ts";
import { readPamStack } from "../../../../src/server_setup/pam_stack/read_pam_stack.ts";

/** What doctor says of the service `openvpn`, or another one, in files by name. */
function findings(
  files: Record<string, string>,
  service = "openvpn",
  other: Partial<PamStackFacts> = {},
): Finding[] {
  const read = (path: string) => {
    const content = files[path.replace(/^\/etc\/pam\.d\//, "")];
    if (content === undefined) throw new Deno.errors.NotFound(path);
    return new TextEncoder().encode(content);
  };
  const pamStack = {
    service,
    auth: readPamStack(service, "auth", read),
    account: readPamStack(service, "account", read),
    isGivenPasswordOnly: true,
    withoutPassword: [],
    ...other,
  };
  return checkPamStack({ pamStack } as Partial<SetUp> as SetUp);
}

/** The levels, ids and places of what is not fine. */
function found(files: Record<string, string>, service?: string): string[] {
  return findings(files, service).filter(({ level }) => level !== "ok")
    .map(({ id, level, at }) => `${level} ${id}${at === null ? "" : ` ${at}`}`);
}

const ACCOUNT = "account required pam_unix.so\n";
const service = (...auth: string[]) => ({ openvpn: `${auth.join("\n")}\n${ACCOUNT}` });

/** As `pam-auth-update` writes it on Debian. */
const DEBIAN = "auth\t[success=1 default=ignore]\tpam_unix.so nullok\n" +
  "auth\trequisite\t\t\tpam_deny.so\nauth\trequired\t\t\tpam_permit.so\n" +
  "auth\toptional\t\t\tpam_cap.so \n";

/** As authselect writes `password-auth` for sssd on Fedora and RHEL. */
const FEDORA = `auth        required                                     pam_env.so
auth        required                                     pam_faildelay.so delay=2000000
auth        required                                     pam_faillock.so preauth silent
auth        [default=1 ignore=ignore success=ok]         pam_usertype.so isregular
auth        [default=1 ignore=ignore success=ok]         pam_localuser.so
auth        sufficient                                   pam_unix.so nullok
auth        [default=1 ignore=ignore success=ok]         pam_usertype.so isregular
auth        sufficient                                   pam_sss.so forward_pass
auth        required                                     pam_faillock.so authfail
auth        required                                     pam_deny.so
account     required                                     pam_unix.so
`;

Deno.test("usual stacks of distributions are fine", () => {
  const stacks: Record<string, string>[] = [
    service("auth required pam_unix.so"),
    { openvpn: "@include common-auth\n" + ACCOUNT, "common-auth": DEBIAN },
    {
      openvpn: "auth substack password-auth\naccount include password-auth\n",
      "password-auth": FEDORA,
    },
    { openvpn: FEDORA },
    service(
      "auth [success=3 default=ignore] pam_krb5.so minimum_uid=1000",
      "auth [success=2 default=ignore] pam_unix.so nullok try_first_pass",
      "auth [success=1 default=ignore] pam_ldap.so use_first_pass",
      "auth requisite pam_deny.so",
      "auth required pam_permit.so",
    ),
    service(
      "-auth optional pam_gnome_keyring.so",
      "auth requisite pam_nologin.so",
      "auth required pam_sss.so",
    ),
    service("auth required pam_radius_auth.so"),
    service("auth required pam_exec.so expose_authtok /usr/local/bin/check-password"),
    service("auth required pam_somebodys.so"),
  ];
  for (const files of stacks) assert.deepEqual(found(files), [], JSON.stringify(files));
});

Deno.test("a code module is found wherever it is, and named with its line", () => {
  const rows: [Record<string, string>, string][] = [
    [
      service("auth required pam_unix.so", "auth required pam_google_authenticator.so"),
      "openvpn:2",
    ],
    [
      service("# x", "auth [success=ok default=bad] /lib/security/pam_oath.so usersfile=/x"),
      "openvpn:2",
    ],
    [
      service("auth required pam_unix.so", "-AUTH \\", "  requisite \\", " pam_duo.so"),
      "openvpn:2",
    ],
    [{
      openvpn: `@include common-auth\n${ACCOUNT}`,
      "common-auth": `${DEBIAN}auth required pam_yubico.so id=1`,
    }, "common-auth:5"],
    [{
      openvpn: `auth include a\n${ACCOUNT}`,
      a: "auth substack b\n",
      b: "auth required pam_u2f.so\nauth required pam_unix.so",
    }, "b:1"],
    [
      service(
        "auth required pam_unix.so",
        "auth required pam_python.so /lib/security/privacyidea_pam.py",
      ),
      "openvpn:2",
    ],
    [
      service(
        "auth requisite pam_exec.so expose_authtok /opt/check-totp",
        "auth required pam_unix.so",
      ),
      "openvpn:1",
    ],
    [
      service(
        "auth [success=1 default=2] pam_otpw.so",
        "auth required pam_unix.so",
        "auth required pam_deny.so",
      ),
      "openvpn:1",
    ],
  ];
  for (const [files, place] of rows) {
    assert.deepEqual(
      found(files),
      [`problem pam_codes /etc/pam.d/${place}`],
      JSON.stringify(files),
    );
  }
  const optional = service(
    "auth optional pam_google_authenticator.so",
    "auth required pam_unix.so",
  );
  assert.deepEqual(found(optional), ["warning pam_codes /etc/pam.d/openvpn:1"]);
  const commented = service(
    "auth required pam_unix.so # pam_oath.so",
    "#auth required pam_oath.so",
  );
  assert.deepEqual(found(commented), []);
});

Deno.test("a code that PAM takes in the password's place is a problem", () => {
  const files = service("auth sufficient pam_google_authenticator.so", "auth required pam_unix.so");
  const [finding] = findings(files);
  assert.equal(finding!.level, "problem");
  assert.match(finding!.why!, /^anyone who has its code needs no password/);
});

Deno.test("a line is only to be removed from a file that no other service uses", () => {
  const line = "auth required pam_google_authenticator.so\n";
  const why = (files: Record<string, string>, name: string) => findings(files, name)[0]!.why;
  assert.match(
    why(service("auth required pam_unix.so", line), "openvpn")!,
    /: remove the line, since/,
  );
  const shared = { openvpn: `@include common-auth\n${ACCOUNT}`, "common-auth": line };
  assert.match(
    why(shared, "openvpn")!,
    /leave the line to the other services that use \S+common-auth,/,
  );
  assert.match(
    why({ login: line + ACCOUNT }, "login")!,
    /leave the line to the other services .*login,/,
  );
});

Deno.test("rules that let in any password are a problem, and the deciding one is named", () => {
  const rows: [string[], number][] = [
    [["auth required pam_permit.so"], 1],
    [["auth optional pam_unix.so", "auth required pam_permit.so"], 2],
    [["auth sufficient pam_rootok.so", "auth required pam_unix.so"], 1],
    [["auth required pam_succeed_if.so user ingroup vpn"], 1],
    [["auth sufficient pam_succeed_if.so user = guest", "auth required pam_unix.so"], 1],
    [["auth [success=1 default=ignore] pam_unix.so", "auth required pam_permit.so"], 2],
    [["auth [success=ok default=ignore] pam_unix.so", "auth required pam_gnome_keyring.so"], 2],
    [["auth sufficient pam_exec.so /bin/true", "auth required pam_unix.so"], 1],
  ];
  for (const [auth, line] of rows) {
    assert.deepEqual(found(service(...auth)), [`problem pam_stack /etc/pam.d/openvpn:${line}`]);
  }
});

Deno.test("rules that refuse any password, or are not there, are a problem", () => {
  const problem = ["problem pam_stack"];
  assert.deepEqual(found(service("auth required pam_deny.so")), problem);
  assert.deepEqual(
    found(service("auth required pam_unix.so", "auth required pam_deny.so")),
    problem,
  );
  assert.deepEqual(found({ openvpn: ACCOUNT }), problem);
  assert.deepEqual(found({ openvpn: "auth required pam_unix.so\n" }), problem);
  assert.deepEqual(found({}), [...problem, ...problem]);
});

Deno.test("what libpam cannot carry out is a problem, and read in no time", () => {
  const at = (files: Record<string, string>) => {
    const [finding, ...others] = found(files).filter((one) => one.includes("pam_stack"));
    assert.deepEqual(others, []);
    return finding;
  };
  const place = "problem pam_stack /etc/pam.d";
  assert.equal(at(service("auth include gone")), `${place}/openvpn:1`);
  assert.equal(
    at(service("auth required pam_unix.so", "auht required pam_unix.so")),
    `${place}/openvpn:2`,
  );
  assert.equal(at(service("auth required")), `${place}/openvpn:1`);
  assert.equal(at({ openvpn: "@include openvpn\n" }), `${place}/openvpn:1`);
  const fan = { openvpn: "@include a\n@include a\n", a: "@include openvpn\n".repeat(500) };
  const [finding] = findings(fan).filter(({ id }) => id === "pam_stack");
  assert.match(finding!.what, /more than/);
});

Deno.test("accounts without a password are named where the plugin lets them in", () => {
  const files = service("auth required pam_unix.so nullok");
  const [, finding] = findings(files, "openvpn", { withoutPassword: ["guest", "test"] });
  assert.equal(`${finding!.level} ${finding!.id}`, "problem pam_stack");
  assert.match(finding!.what, /guest and 1 other account may log in without a password/);
});

Deno.test("a plugin that is told which prompt asks for the code may use a code module", () => {
  const files = service("auth required pam_unix.so", "auth required pam_oath.so");
  const given = findings(files, "openvpn", { isGivenPasswordOnly: false });
  assert.deepEqual(given.filter(({ id }) => id === "pam_codes"), []);
});
