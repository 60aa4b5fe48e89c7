/** What libpam does about a module's result: a number skips as many rules (pam.conf(5)). */
export type Action = "ok" | "done" | "bad" | "die" | "ignore" | "reset" | number;

/** A rule's control field: the action for each result, and for all others. */
export interface Control {
  actions: ReadonlyMap<string, Action>;
  otherwise: Action;
}

/** The names of results in a control field (pam.conf(5)). */
const RESULTS: ReadonlySet<string> = new Set([
  ...["success", "open_err", "symbol_err", "service_err", "system_err", "buf_err", "perm_denied"],
  ...["auth_err", "cred_insufficient", "authinfo_unavail", "user_unknown", "maxtries"],
  ...["new_authtok_reqd", "acct_expired", "session_err", "cred_unavail", "cred_expired"],
  ...["cred_err", "no_module_data", "conv_err", "authtok_err", "authtok_recover_err"],
  ...["authtok_lock_busy", "authtok_disable_aging", "try_again", "ignore", "abort"],
  ...["authtok_expired", "module_unknown", "bad_item", "conv_again", "incomplete", "default"],
]);

/** The words that stand for a whole control field (pam.conf(5)). */
const WORDS: ReadonlyMap<string, Control> = new Map([
  ["required", controlOf("ok", "bad", "ignore")],
  ["requisite", controlOf("ok", "die", "ignore")],
  ["sufficient", controlOf("done", "ignore", "ignore")],
  ["optional", controlOf("ok", "ignore", "ignore")],
]);

/** Whatever the module says, it is a failure: what libpam makes of a rule that it cannot read. */
export const ALWAYS_BAD: Control = { actions: new Map(), otherwise: "bad" };

/** Reads a control field: a word, or what is between brackets; one that is wrong always fails. */
export function readControl(field: string): Control {
  return WORDS.get(field.toLowerCase()) ?? readActions(field);
}

/** What to do about a result. */
export function actionFor({ actions, otherwise }: Control, result: string): Action {
  return actions.get(result) ?? otherwise;
}

function controlOf(success: Action, otherwise: Action, ignore: Action): Control {
  const actions = new Map([["success", success], ["new_authtok_reqd", success], [
    "ignore",
    ignore,
  ]]);
  return { actions, otherwise };
}

function readActions(field: string): Control {
  const actions = new Map<string, Action>();
  let rest = field.trimStart();
  while (rest !== "") {
    const [all, result = "", word = ""] =
      rest.match(/^([a-z_]+)\s*=\s*(ignore|ok|done|bad|die|reset|[1-9]\d{0,5})\s*/) ?? [];
    if (all === undefined || !RESULTS.has(result)) return ALWAYS_BAD;
    // The first default stands.
    if (result !== "default" || !actions.has(result)) actions.set(result, actionOf(word));
    rest = rest.slice(all.length);
  }
  const otherwise = actions.get("default") ?? "bad";
  actions.delete("default");
  return { actions, otherwise };
}

function actionOf(word: string): Action {
  return /^\d/.test(word) ? Number(word) : word as Action;
}
