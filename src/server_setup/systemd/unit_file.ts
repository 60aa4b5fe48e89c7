/** An assignment in the `[Service]` section of a unit file (systemd.syntax(7)). */
export interface Assignment {
  key: string;
  value: string;
  file: string;
  line: number;
}

/** The assignments in the `[Service]` section of a unit file, in their order. */
export function readUnitFile(text: string, file: string): Assignment[] {
  const assignments: Assignment[] = [];
  let section = "";
  for (const { text: line, number } of joinedLines(text)) {
    const heading = line.match(/^\[(.*)\]$/)?.[1];
    if (heading !== undefined) section = heading;
    const [, key, value] = line.match(/^([A-Za-z0-9-]+)\s*=\s*(.*)$/) ?? [];
    if (section !== "Service" || key === undefined) continue;
    assignments.push({ key, value: value!, file, line: number });
  }
  return assignments;
}

/** Lines without comments; a backslash at the end of a line joins the next one to it. */
function joinedLines(text: string): { text: string; number: number }[] {
  const joined: { text: string; number: number }[] = [];
  let isOpen = false;
  for (const [i, raw] of text.split("\n").entries()) {
    const line = raw.trim();
    if (/^[#;]/.test(line) || line === "" && !isOpen) continue;
    const piece = line.endsWith("\\") ? `${line.slice(0, -1)} ` : line;
    if (isOpen) joined.at(-1)!.text += piece;
    else joined.push({ text: piece, number: i + 1 });
    isOpen = line.endsWith("\\");
  }
  return joined;
}

/** A service unit: the assignments of its file, then those of its drop-ins. */
export interface Unit {
  /** Such as `openvpn-server@server.service`. */
  name: string;
  assignments: readonly Assignment[];
}

/** The last assignment of a key that holds one value; null if there is none, or if it is empty. */
export function lastOf(unit: Unit, key: string): Assignment | null {
  const last = unit.assignments.findLast((one) => one.key === key);
  return last === undefined || last.value === "" ? null : last;
}

/** The assignments of a key whose values add up; an empty one resets the list. */
export function listOf(unit: Unit, key: string): Assignment[] {
  const all = unit.assignments.filter((one) => one.key === key);
  return all.slice(all.findLastIndex((one) => one.value === "") + 1);
}

/** Says whether a key is set to yes, as systemd understands it. */
export function isOn(unit: Unit, key: string): boolean {
  return /^(1|yes|y|true|t|on)$/i.test(lastOf(unit, key)?.value ?? "");
}

/**
 * The words of `ExecStart=`, the program first, with the unit's specifiers replaced
 * (systemd.unit(5)); null if there is no command.
 */
export function commandOf(unit: Unit): { words: string[]; at: Assignment } | null {
  const at = listOf(unit, "ExecStart").at(-1);
  if (at === undefined) return null;
  return { words: wordsOf(at.value.replace(/^[-@:+!|]+/, ""), unit), at };
}

/** The words of a value, without quotes and with the unit's specifiers replaced. */
export function wordsOf(value: string, { name }: Unit): string[] {
  return [...value.matchAll(WORD)].map(([word]) => filledIn(word.replace(QUOTES, "$1$2"), name));
}

const WORD = /(?:"[^"]*"|'[^']*'|[^\s"'])+/g;
const QUOTES = /"([^"]*)"|'([^']*)'/g;

function filledIn(word: string, name: string): string {
  const [, prefix = "", instance = ""] = name.match(/^([^@]*)@?(.*)\.service$/) ?? [];
  const values: Record<string, string> = {
    "%%": "%",
    "%i": instance,
    "%I": unescaped(instance),
    "%p": prefix,
    "%n": name,
    "%t": "/run",
    "%S": "/var/lib",
    "%C": "/var/cache",
    "%T": "/tmp",
    "%V": "/var/tmp",
  };
  return word.replace(/%[%\w]/g, (specifier) => values[specifier] ?? specifier);
}

function unescaped(instance: string): string {
  return instance.replaceAll("-", "/").replace(
    /\\x([0-9a-f]{2})/g,
    (_, code) => String.fromCharCode(parseInt(code, 16)),
  );
}
