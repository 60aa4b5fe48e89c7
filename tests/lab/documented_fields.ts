import assert from "node:assert/strict";
import type { Documented, Fields } from "../../src/admin/json_fields/documented.ts";
import { JSON_FIELDS, type JsonCommand } from "../../src/admin/json_fields/json_fields.ts";

/**
 * Fails if an object that a command printed with `--json` lacks a field of docs/scripts.md, or has
 * another one, or has them in another order; also within its lists and objects.
 *
 * @param hasOption whether the option was given that adds fields, or prints others
 */
export function assertDocumented(command: JsonCommand, printed: unknown, hasOption = false): void {
  const { fields, also = {} }: Documented = JSON_FIELDS[command];
  const [[sentence, others] = ["", {}]] = hasOption ? Object.entries(also) : [];
  const all = sentence.endsWith("instead:") ? others : { ...fields, ...others };
  assertFields(printed, all, command);
}

function assertFields(object: unknown, fields: Fields, where: string): void {
  assert(object !== null && typeof object === "object", `${where} is an object`);
  assert.deepEqual(Object.keys(object), Object.keys(fields), where);
  for (const [name, value] of Object.entries(object)) {
    const text = fields[name]!;
    if (typeof text === "string" || value === null) continue;
    for (const one of [value].flat()) assertFields(one, text.of, `${where}: ${name}`);
  }
}
