import { counted } from "../../../text/counted.ts";
import { Failure } from "../../../core/failure.ts";
import { SETTINGS } from "../../../settings.ts";
import { type AdminContext, withStore } from "../../context.ts";
import { enrolledUsernames, enrolUsers, type UserToEnrol } from "../../enrolment/enrolment.ts";
import { earlierModules } from "./earlier_modules.ts";
import { blockersOf, type ImportPlan, planImport } from "./import_plan.ts";
import { importAsJson, importAsText } from "./import_report.ts";
import { readSources } from "./import_sources.ts";
import type { ImportOptions } from "./options.ts";
import { issuerName } from "../../enrolment/issuer_name.ts";
import { ProgressBar } from "../../terminal/progress_bar.ts";
import { requireTerminal, requireYes } from "../../terminal/question.ts";
import { PLAIN } from "../../terminal/screen.ts";
import { json } from "../../terminal/text.ts";
import { warnOfAccountNames } from "../../enrolment/account_names.ts";

/**
 * `import FILE…`: enrols the users of other systems with the secrets that they have: all of them,
 * or none. It shows what it would do before it asks.
 */
export async function importUsers(
  context: AdminContext,
  files: readonly string[],
  options: ImportOptions,
): Promise<void> {
  if (options.replace && options.skipEnrolled) {
    throw new Failure("usage", "--replace and --skip-enrolled cannot be combined");
  }
  const issuer = issuerName(context, options.issuer);
  const sources = readSources(context, files, options);
  const enrolled = new Set(await enrolledUsernames(context));
  const plan = planImport(sources, enrolled, options);
  keepIssuers(plan, issuer);
  if (!options.json) context.out(importAsText(plan, context.screen));
  try {
    requireUnblocked(plan, options);
  } catch (error) {
    if (options.json) context.out(json(importAsJson(plan, false)));
    throw error;
  }
  const users = usersToEnrol(plan, issuer);
  if (options.dryRun || users.length === 0) {
    if (options.json) context.out(json(importAsJson(plan, false)));
    else context.out("Nothing was changed.\n");
    warnOfAccountNames(context, users.map(({ username }) => username));
    return;
  }
  await carryOut(context, plan, users, options);
  for (const line of earlierModules(sources.map(({ format }) => format))) context.warn(line);
}

async function carryOut(
  context: AdminContext,
  plan: ImportPlan,
  users: readonly UserToEnrol[],
  options: ImportOptions,
): Promise<void> {
  const question = `Import ${counted(users.length, "user")}?`;
  // A program reads standard output then; whoever is asked must see the plan, too.
  if (options.json && !options.yes && context.isTerminal) {
    context.err(importAsText(plan, PLAIN));
  }
  if (!options.yes) requireTerminal(context, question, "--yes");
  warnOfAccountNames(context, users.map(({ username }) => username));
  if (!options.yes) requireYes(context, question);
  const replaced = new Set(
    plan.users.filter(({ action }) => action === "replaced")
      .map(({ user }) => user.username),
  );
  const progress = new ProgressBar(context, users.length);
  await withStore(
    context,
    { create: true },
    (store) =>
      enrolUsers(context, store, users, {
        // A user who was enrolled after the plan was shown isn't among them.
        mayReplace: (username) => replaced.has(username),
        done: () => progress.step(),
      }),
  );
  context.out(
    options.json ? json(importAsJson(plan, true)) : `Imported ${counted(users.length, "user")}.\n`,
  );
}

/** Gives an issuer to users who have none, or one that can't be kept. */
function keepIssuers({ users, notes }: ImportPlan, issuer: string): void {
  for (const { user, from } of users) {
    if (user.issuer === null) user.issuer = issuer;
    if (SETTINGS.issuerName.parse(user.issuer) !== undefined) continue;
    user.issuer = issuer;
    const { place, username } = user;
    const text = `the issuer, which must be ${SETTINGS.issuerName.allowed}`;
    notes.push({ place, username, text, from });
  }
}

/** @throws Failure `input_error` that says why the plan can't be carried out */
function requireUnblocked(plan: ImportPlan, options: ImportOptions): void {
  const { conflicts, unreadable, uncarried } = blockersOf(plan, options);
  const blockers: [count: number, one: string, more: string][] = [
    [conflicts, "conflict", "conflicts"],
    [unreadable, "entry is broken", "entries are broken"],
    [
      uncarried,
      "entry cannot be carried over (--skip-uncarried leaves it out)",
      "entries cannot be carried over (--skip-uncarried leaves them out)",
    ],
  ];
  const told = blockers.filter(([count]) => count !== 0)
    .map((blocker) => counted(...blocker));
  if (told.length === 0) return;
  throw new Failure("input_error", `nothing was imported: ${told.join(", ")}`);
}

function usersToEnrol(plan: ImportPlan, issuer: string): UserToEnrol[] {
  return plan.users.filter(({ action }) => action !== "left")
    .map(({ user }) => ({
      username: user.username,
      issuer: user.issuer ?? issuer,
      secret: user.secret,
      parameters: user.parameters,
      recoveryCodes: user.recoveryCodes.reveal(),
      disabledAt: user.disabledAt,
    }));
}
