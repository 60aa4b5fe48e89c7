import fc from "fast-check";
import { SETTINGS } from "../../src/settings.ts";
import { anyText } from "./fuzz.ts";
import { HOSTILE_NAMES } from "./hostile_names.ts";

/**
 * The value of a variable: text, bytes that need not be UTF-8, a path in the test's directory, or
 * null if it is not set.
 */
export type Value = string | Uint8Array | { path: string } | null;

/** A change to a file's content. */
export type Edit =
  | { kind: "all"; bytes: Uint8Array }
  | { kind: "cut" | "repeat" | "flip"; at: number }
  | { kind: "insert"; at: number; bytes: Uint8Array };

/** One call of the program, described by how it differs from what OpenVPN would do. */
export interface HostileCall {
  /** What the client sends. */
  sent: "right" | "wrong" | "none" | "token";
  edits: Edit[];
  /** What exists where OpenVPN's temporary file should be. */
  file: "content" | "nothing" | "directory" | "huge" | "link";
  /** Where the file's path appears among the arguments. */
  args: "last" | "alone" | "behind options" | "first" | "missing";
  variables: [name: string, value: Value][];
}

/** A login: the first call, and the answers. */
export interface HostileLogin {
  password: HostileCall;
  /** Whether the oddities of the first call's environment also apply to the other calls. */
  isOddThroughout: boolean;
  answers: HostileCall[];
}

const PATHS = {
  files: ["auth_control_file", "auth_pending_file", "auth_failed_reason_file"],
  settings: ["totpTokenDbPath", "totpKeyFile", "totpLog"],
};
const SETTING_NAMES = Object.values(SETTINGS).map(({ name }) => name)
  .filter((name) => !PATHS.settings.includes(name));
const OTHERS = [
  ...["username", "common_name", "untrusted_ip", "untrusted_ip6"],
  ...["untrusted_port", "session_state", "IV_SSO"],
];

/** The log and the answers are written to these paths, so none of them is a file of the machine. */
const path: fc.Arbitrary<Value> = fc.oneof(
  fc.constantFrom<Value>(
    ...["", "relative", "/", "/dev/null", "/proc/self/mem", "/etc/passwd/x"],
    ...[{ path: "" }, { path: "none/x" }, { path: "a\nb/c" }, null],
    ...[new Uint8Array([0x2f, 0xff]), "/" + "x".repeat(5000)],
  ),
  fc.constantFrom<Value>({ path: "foreign" }, { path: "log" }),
);
const text: fc.Arbitrary<Value> = fc.oneof(
  anyText.map((text) => text.replaceAll("\0", "").toWellFormed()),
  fc.constantFrom(...HOSTILE_NAMES),
  fc.uint8Array({ min: 1, maxLength: 12 }),
  fc.constantFrom<Value>(
    ...["", null, "x".repeat(50_000), "crtext", "192.0.2.77", "hostile"],
    ...["Authenticated", "Expired", "webauth,crtext,", "2001:db8::7"],
    ...["%s%n%x", "$(id)", "`id`", "'; DROP TABLE enrolments; --", "__proto__"],
  ),
);
const number: fc.Arbitrary<Value> = fc.constantFrom<Value>(
  ...["0", "1", "2", "10", "100", "3600", "999999999", "-1", "1e3", "٣", " 1"],
  ...["external", "pam", "openvpn", "../login", "login", "same"],
);
const variable = fc.oneof(
  fc.tuple(fc.constantFrom(...PATHS.files, ...PATHS.settings), path),
  fc.tuple(fc.constantFrom(...OTHERS), text),
  fc.tuple(fc.constantFrom(...OTHERS, "IV_X", "UV_totpDriftSteps"), text),
  fc.tuple(fc.constantFrom(...SETTING_NAMES), number),
  fc.tuple(fc.constantFrom(...SETTING_NAMES), text),
);

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 12 }),
  fc.constantFrom("\n", "\r\n", "\0", " ", "=", "\ufeff", "SESS_ID_AT_")
    .map((text) => new TextEncoder().encode(text)),
);
const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({ kind: fc.constant("all" as const), bytes }),
  fc.record({
    kind: fc.constantFrom("cut" as const, "repeat" as const, "flip" as const),
    at: fc.nat(99),
  }),
  fc.record({ kind: fc.constant("insert" as const), at: fc.nat(99), bytes }),
);

/** Gives an odd value `times` out of twelve, and otherwise the normal one. */
function rarely<T>(
  times: number,
  asItShould: T,
  otherwise: fc.Arbitrary<T>,
): fc.Arbitrary<T> {
  return fc.oneof(
    { arbitrary: fc.constant(asItShould), weight: 12 - times },
    { arbitrary: otherwise, weight: times },
  );
}

/** Mostly one value: with several, the first that is refused hides the others. */
function few<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T[]> {
  return fc.oneof(
    {
      arbitrary: fc.array(arbitrary, { minLength: 1, maxLength: 1 }),
      weight: 3,
    },
    {
      arbitrary: fc.array(arbitrary, { minLength: 2, maxLength: 4 }),
      weight: 1,
    },
  );
}

const oddSent = fc.constantFrom<HostileCall["sent"]>("wrong", "none", "token");
const oddFile = fc.constantFrom<HostileCall["file"]>(
  "nothing",
  "directory",
  "huge",
  "link",
);
const oddArgs = fc.constantFrom<HostileCall["args"]>(
  "alone",
  "behind options",
  "first",
  "missing",
);
const call: fc.Arbitrary<HostileCall> = fc.record({
  sent: rarely(3, "right", oddSent),
  edits: rarely(3, [], few(edit)),
  file: rarely(1, "content", oddFile),
  args: rarely(1, "last", oddArgs),
  variables: rarely(6, [], few(variable)),
});

/** Logins that range from normal to very odd. */
export const hostileLogin: fc.Arbitrary<HostileLogin> = fc.record({
  password: call,
  isOddThroughout: fc.boolean(),
  answers: fc.array(call, { minLength: 1, maxLength: 2 }),
});

const HONEST: HostileCall = {
  sent: "right",
  edits: [],
  file: "content",
  args: "last",
  variables: [],
};
const login = (
  password: Partial<HostileCall>,
  answer: Partial<HostileCall>,
): HostileLogin => ({
  password: { ...HONEST, ...password },
  isOddThroughout: true,
  answers: [{ ...HONEST, ...answer }, HONEST],
});
const variables = (name: string, value: Value): Partial<HostileCall> => ({
  variables: [[name, value]],
});

/** Logins that differ in one thing, because a few random ones might miss it. */
export const POINTED_LOGINS: HostileLogin[] = [
  login({}, {}),
  login({}, { sent: "wrong" }),
  login({}, { file: "huge" }),
  login({}, variables("untrusted_ip", "192.0.2.77")),
  login({}, variables("common_name", new Uint8Array([0x63, 0xff]))),
  login(variables("auth_control_file", { path: "foreign" }), {}),
  login({ sent: "wrong" }, {}),
  login({ sent: "token" }, {}),
  login(variables("username", new Uint8Array([0xff])), {}),
];

/** Says whether a call is exactly what OpenVPN does with an honest client. */
export function isHonest(call: HostileCall): boolean {
  return call.sent === "right" && call.edits.length === 0 &&
    call.variables.length === 0 && ["content", "link"].includes(call.file) &&
    !["first", "missing"].includes(call.args);
}

/** Applies a change to a file's content. */
export function edited(
  content: Uint8Array,
  edits: readonly Edit[],
): Uint8Array<ArrayBuffer> {
  let result = [...content];
  for (const edit of edits) {
    if (edit.kind === "all") {
      result = [...edit.bytes];
      continue;
    }
    const at = edit.at % (result.length + 1);
    if (edit.kind === "cut") result.splice(at, 1);
    if (edit.kind === "repeat") result = [...result, ...result.slice(at)];
    if (edit.kind === "flip") result[at] = (result[at] ?? 0) ^ 0x20;
    if (edit.kind === "insert") result.splice(at, 0, ...edit.bytes);
  }
  return new Uint8Array(result);
}
