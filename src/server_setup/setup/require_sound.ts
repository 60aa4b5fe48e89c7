import { Failure } from "../../core/failure.ts";
import { quoted } from "../../text/printable.ts";
import { type Config, lastNamed } from "../openvpn_config/directive.ts";
import { commandWords, hookLine, HOOKS } from "../configuration/hook_lines.ts";
import type { SetupWish } from "./plan.ts";

/** Options that an edit may change; all others must stay as they are. */
const EDITABLE: readonly string[] = [
  ...HOOKS,
  "script-security",
  "auth-gen-token",
  "auth-gen-token-secret",
  "static-challenge",
];

/**
 * Makes sure that an edit did what it should and nothing else.
 *
 * @throws Failure `config_error`
 */
export function requireSound(before: Config, after: Config, wish: SetupWish): void {
  if (isSetUp(after, wish) && othersIn(before) === othersIn(after)) return;
  const lines = HOOKS.map((hook) => hookLine(hook, wish.program)).join("; ");
  throw new Failure(
    "config_error",
    `cannot change ${quoted(wish.path)} safely: add these lines by hand: script-security 2; ` +
      `${lines}; auth-gen-token`,
  );
}

/** Says whether OpenVPN can read the configuration, and runs the program at each hook. */
function isSetUp(config: Config, { isProgram }: SetupWish): boolean {
  const level = parseInt(lastNamed(config, "script-security")?.words[0] ?? "1", 10);
  return config.error === null && level >= 2 && HOOKS.every((hook) => {
    const [program = ""] = commandWords(lastNamed(config, hook)?.words[0] ?? "");
    return isProgram(program);
  });
}

/** What the options say that an edit must not change, as a text to compare. */
function othersIn({ directives }: Config): string {
  return JSON.stringify(
    directives.filter(({ name }) => !EDITABLE.includes(name))
      .map(({ name, words, isInline }) => [name, words, isInline]),
  );
}
