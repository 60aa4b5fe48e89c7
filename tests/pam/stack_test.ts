import assert from "node:assert/strict";
import fc from "fast-check";
import { PamService } from "../../src/pam/pam_service.ts";
import { grantingEntry } from "../../src/server_setup/pam_stack/granting_entry.ts";
import { resultsIfWrong } from "../../src/server_setup/pam_stack/module_results.ts";
import { readPamStack } from "../../src/server_setup/pam_stack/read_pam_stack.ts";
import { Redacted } from "../../src/text/redacted.ts";
import { holds } from "../lab/fuzz.ts";
import { newName } from "../lab/owner.ts";
import { makePamService } from "../lab/pam_service.ts";
import { testWith } from "../lab/requirements.ts";

/** A service and two files that it may include. */
const [MAIN, FIRST, SECOND] = [newName(), newName(), newName()];

// Libraries stay open for good, so this is done outside of the tests, which look for leaks.
const service = new PamService(MAIN, 60);

const RESULTS = ["success", "auth_err", "ignore", "user_unknown", "new_authtok_reqd"];
const ACTIONS = ["ok", "done", "bad", "die", "ignore", "reset", "1", "2", "3"];

const module = fc.oneof(
  fc.constantFrom("pam_permit.so", "pam_deny.so", "pam_debug.so"),
  fc.constantFrom(...RESULTS).map((result) => `pam_debug.so auth=${result}`),
);

const control = fc.oneof(
  fc.constantFrom("required", "requisite", "sufficient", "optional", "Required"),
  fc.array(fc.tuple(fc.constantFrom(...RESULTS, "default"), fc.constantFrom(...ACTIONS)), {
    maxLength: 4,
  }).map((pairs) => `[${pairs.map(([result, action]) => `${result}=${action}`).join(" ")}]`),
  fc.constantFrom("[success=ok default=nonsense]", "[success=1 ignore = ignore default=die]"),
);

/** How a rule may be written. */
const written = fc.constantFrom(
  (rule: string) => rule,
  (rule: string) => `\t${rule.replace(" ", "\t  ")} # comment \\`,
  (rule: string) => rule.replace(" ", " \\\n   "),
  (rule: string) => `-${rule.replace("auth", "AUTH")}`,
  (rule: string) => `# ${rule}\n\n${rule}`,
  (rule: string) => `account required pam_deny.so\n${rule}`,
);

function rules(...included: string[]): fc.Arbitrary<string[]> {
  const plain = fc.tuple(control, module, written)
    .map(([control, module, write]) => write(`auth ${control} ${module}`));
  const others = included.flatMap((name) => [
    `auth include ${name}`,
    `auth substack ${name}`,
    `@include ${name}`,
  ]);
  const rule = others.length === 0 ? plain : fc.oneof(
    { arbitrary: plain, weight: 3 },
    { arbitrary: fc.constantFrom(...others), weight: 1 },
  );
  return fc.array(rule, { minLength: 1, maxLength: 6 });
}

const stacks = fc.record({ main: rules(FIRST, SECOND), first: rules(SECOND), second: rules() });

/** Whether libpam lets a user in. */
async function isLetIn(): Promise<boolean> {
  const password = new Redacted(new TextEncoder().encode("any"));
  const result = await service.authenticate("root", password, null);
  return result.outcome === "passed" ||
    result.outcome === "denied" && result.call === "pam_acct_mgmt";
}

testWith(["root"], "random stacks are read and judged as libpam runs them", async () => {
  await using main = await makePamService([], MAIN);
  await using first = await makePamService([], FIRST);
  await using second = await makePamService([], SECOND);
  let letIn = 0;
  await holds(
    fc.asyncProperty(stacks, async (stack) => {
      await main.use(stack.main);
      await first.use(stack.first);
      await second.use(stack.second);
      const { entries } = readPamStack(MAIN, "auth", Deno.readFileSync);
      const expected = await isLetIn();
      if (expected) letIn++;
      assert.equal(grantingEntry(entries, resultsIfWrong) !== null, expected);
    }),
  );
  assert(letIn > 20, `${letIn} stacks let a user in`);
});
