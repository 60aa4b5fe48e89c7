import type { Documented, Fields } from "../../src/admin/json_fields/documented.ts";
import { JSON_FIELDS } from "../../src/admin/json_fields/json_fields.ts";
import { paragraph, table } from "./markdown.ts";

/** What each command prints with `--json`, in the order of the help. */
export function jsonFields(): string {
  return Object.entries<Documented>(JSON_FIELDS).flatMap((
    [command, { form, fields, also = {} }],
  ) => [
    `### ${command}`,
    ...form === undefined ? [] : [paragraph(form)],
    tableOf(fields),
    ...Object.entries(also).flatMap(([sentence, more]) => [paragraph(sentence), tableOf(more)]),
  ]).join("\n\n");
}

function tableOf(fields: Fields): string {
  return table(["field", "value"], rowsOf(fields));
}

/** A row for each field; those of an object in the object follow it, by their path. */
function rowsOf(fields: Fields, path = ""): string[][] {
  return Object.entries(fields).flatMap(([name, text]) => {
    if (typeof text === "string") return [[`\`${path}${name}\``, text]];
    const within = text.about.startsWith("list") ? "[]." : ".";
    return [[`\`${path}${name}\``, text.about], ...rowsOf(text.of, path + name + within)];
  });
}
