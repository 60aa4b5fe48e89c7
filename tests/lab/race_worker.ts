/**
 * One of many processes that send the same code at the same moment, as two servers of a fleet do whose
 * user's code was read over a shoulder. It is told by lines on standard input, and answers by lines:
 *
 * - `ask NOW`: it logs in with the password, and says how that ended;
 * - `answer CODE`: it answers its challenge, and says how that ended.
 *
 * @module
 */
import { postgresPlace } from "../../src/core/postgres_url.ts";
import { LoginService } from "../../src/login/login_service.ts";
import { Vault } from "../../src/secrets/vault.ts";
import { openLogins } from "../../src/store/open_store.ts";
import { Redacted } from "../../src/text/redacted.ts";
import { Lines } from "./lines.ts";
import { fakeFactor, TEST_RULES } from "./login_parts.ts";
import { PATIENCE_MS } from "./patience.ts";
import { given } from "./secrets.ts";

const [url, keyFile, server, number] = Deno.args as [string, string, string, string];

let now = 0;
let rounds = 0;
const { logins } = await openLogins({
  database: postgresPlace(url, PATIENCE_MS)!,
  create: false,
  busyTimeoutMs: 0,
});
const service = new LoginService({
  store: logins,
  firstFactor: fakeFactor(({ loginName }) => ({ outcome: "passed", username: loginName })),
  secrets: new Vault(keyFile),
  rules: {
    ...TEST_RULES,
    throttle: { freeFailures: 100, maxWaitSeconds: 1 },
    audit: { maxDays: 3650, maxRows: 10_000_000 },
  },
  now: () => now,
  sessionBegins: { before: 0, after: 0 },
  newStateId: () => crypto.randomUUID(),
  rest() {},
});

const attempt = () => ({
  id: `${server} ${number} ${rounds}`,
  loginName: "alice",
  commonName: null,
  address: `192.0.2.${number}`,
});

async function ask(at: number) {
  now = at;
  rounds++;
  const client = { knowsCrtext: true, hasSessionTokens: false, connectedFrom: null };
  const password = new Redacted(new TextEncoder().encode("right"));
  return await service.password({ ...attempt(), client }, { form: "plain", password });
}

async function answer(code: string) {
  return await service.answer(attempt(), { code: given(code), isNewConnection: false });
}

const commands = new Lines(`commands of ${number}`);
commands.readFrom(Deno.stdin.readable);
for (let read = 0;; read++) {
  const [line] = await commands.waitFor(/.*/, read).catch(() => Deno.exit(0));
  const [what, value = ""] = line.split(" ");
  let told: string;
  try {
    const verdict = what === "ask" ? await ask(Number(value)) : await answer(value);
    told = "reason" in verdict ? `${verdict.outcome} ${verdict.reason}` : verdict.outcome;
  } catch (error) {
    told = `failed ${error instanceof Error ? error.message : error}`;
  }
  Deno.stdout.writeSync(new TextEncoder().encode(`${told}\n`));
}
