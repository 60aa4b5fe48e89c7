import { REASON_MEANINGS } from "../../src/core/reason_meanings.ts";
import { FINDINGS } from "../../src/server_setup/doctor/finding_ids.ts";
import { SETTINGS } from "../../src/settings.ts";
import { defaultText } from "../default_text.ts";
import { jsonFields } from "./json.ts";
import { table } from "./markdown.ts";
import { metrics } from "./metrics.ts";

/** The parts of pages that are made from the code, by the names that the pages call them. */
export const BLOCKS: Readonly<Record<string, () => string>> = {
  settings: () =>
    table(
      ["setting", "default", "allowed", "meaning"],
      Object.values(SETTINGS).map((setting) => [
        code(setting.name),
        defaultText(setting),
        setting.allowed,
        setting.meaning,
      ]),
    ),
  findings: () =>
    table(
      ["id", "level", "what is looked at"],
      Object.entries(FINDINGS).map(([id, { worst, about }]) => [code(id), worst, about]),
    ),
  reasons: () =>
    table(
      ["reason", "what it means and what to do"],
      Object.entries(REASON_MEANINGS).map(([reason, meaning]) => [code(reason), meaning]),
    ),
  json: jsonFields,
  metrics,
};

/** What stands before and behind a block in a page. */
const BLOCK = /(<!-- reference: (\w+) -->\n)[^]*?(<!-- end of reference -->)/g;

/**
 * A page with its blocks as the code has them now.
 *
 * @throws Error for a block that nobody makes
 */
export function filled(page: string): string {
  return page.replace(BLOCK, (_, begin: string, name: string, end: string) => {
    const make = BLOCKS[name];
    if (make === undefined) throw new Error(`there is no block "${name}" to put into a page`);
    return `${begin}\n${make()}\n\n${end}`;
  });
}

/** The names of the blocks in a page. */
export function blocksOf(page: string): string[] {
  return [...page.matchAll(BLOCK)].map(([, , name]) => name!);
}

function code(text: string): string {
  return `\`${text}\``;
}
