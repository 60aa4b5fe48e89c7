/** A metric as {@link readExposition} reads it. */
export interface ReadFamily {
  name: string;
  help: string;
  type: string;
  samples: { name: string; labels: Map<string, string>; value: number }[];
}

const NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
const NUMBER = /^([+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?|[+-]Inf|NaN)$/;

/**
 * Reads Prometheus's text format 0.0.4 from its specification alone, more strictly than Prometheus:
 * each metric has HELP, then TYPE, then all of its samples, each once; a counter's name ends in
 * `_total`; a histogram's buckets rise to +Inf, which equals its count.
 *
 * @throws Error that says what is wrong with which line
 */
export function readExposition(text: string): ReadFamily[] {
  if (!text.endsWith("\n")) throw new Error("the last line has no end");
  const families: ReadFamily[] = [];
  for (const line of text.slice(0, -1).split("\n")) {
    const [, name, help] = line.match(new RegExp(`^# HELP (${NAME}) (.*)$`)) ?? [];
    if (name !== undefined) {
      if (families.some((family) => family.name === name)) throw new Error(`twice: ${line}`);
      families.push({ name, help: unescaped(help!, /\\([\\n])/y), type: "", samples: [] });
      continue;
    }
    const family = families.at(-1);
    if (family === undefined) throw new Error(`before any HELP: ${line}`);
    if (line.startsWith("# TYPE ")) readType(line, family);
    else readSample(line, family);
  }
  for (const family of families) requireSound(family);
  return families;
}

function readType(line: string, family: ReadFamily): void {
  const [, name, type] = line.match(new RegExp(`^# TYPE (${NAME}) (counter|gauge|histogram)$`)) ??
    [];
  if (name !== family.name || family.type !== "" || family.samples.length > 0) {
    throw new Error(`a type out of place: ${line}`);
  }
  family.type = type!;
}

function readSample(line: string, family: ReadFamily): void {
  const [, name, , inner, value] = line.match(new RegExp(`^(${NAME})(\\{(.*)\\})? (\\S+)$`)) ?? [];
  if (name === undefined || !NUMBER.test(value!)) throw new Error(`no sample: ${line}`);
  const ends = family.type === "histogram" ? ["_bucket", "_sum", "_count"] : [""];
  if (!ends.some((end) => name === family.name + end)) throw new Error(`out of place: ${line}`);
  const labels = readLabels(inner ?? "", line);
  const key = JSON.stringify([name, ...[...labels].toSorted()]);
  const isTwice = family.samples.some((other) =>
    JSON.stringify([other.name, ...[...other.labels].toSorted()]) === key
  );
  if (isTwice) throw new Error(`a sample twice: ${line}`);
  family.samples.push({ name, labels, value: Number(value!.replace("Inf", "Infinity")) });
}

function readLabels(text: string, line: string): Map<string, string> {
  const labels = new Map<string, string>();
  const pair = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"(,|$)/y;
  for (let rest = text; rest !== "";) {
    pair.lastIndex = 0;
    const [whole, name, value] = pair.exec(rest) ?? [];
    if (whole === undefined || labels.has(name!)) throw new Error(`bad labels: ${line}`);
    labels.set(name!, unescaped(value!, /\\([\\n"])/y));
    rest = rest.slice(whole.length);
  }
  return labels;
}

/** @param escape what is allowed behind a backslash, sticky */
function unescaped(text: string, escape: RegExp): string {
  let plain = "";
  for (let i = 0; i < text.length;) {
    if (text[i] !== "\\") {
      plain += text[i++];
      continue;
    }
    escape.lastIndex = i;
    const [whole, character] = escape.exec(text) ?? [];
    if (whole === undefined) throw new Error(`a backslash that escapes nothing: ${text}`);
    plain += character === "n" ? "\n" : character;
    i += whole.length;
  }
  return plain;
}

function requireSound(family: ReadFamily): void {
  const { name, help, type, samples } = family;
  if (type === "") throw new Error(`${name} has no type`);
  if (help === "") throw new Error(`${name} has no help`);
  if ((type === "counter") !== name.endsWith("_total")) throw new Error(`${name} is a ${type}`);
  if (type === "counter" && samples.some(({ value }) => !(value >= 0))) {
    throw new Error(`${name} is negative`);
  }
  if (type === "histogram") {
    const groups = Map.groupBy(
      samples,
      ({ labels }) => JSON.stringify([...labels].filter(([label]) => label !== "le").toSorted()),
    );
    for (const [labels, group] of groups) requireHistogram(`${name} ${labels}`, name, group);
  }
}

function requireHistogram(told: string, name: string, samples: ReadFamily["samples"]): void {
  const buckets = samples.filter((sample) => sample.name === `${name}_bucket`);
  const bounds = buckets.map(({ labels }) => Number(labels.get("le")!.replace("Inf", "Infinity")));
  const counts = buckets.map(({ value }) => value);
  const rises = (numbers: number[], isEqualFine: boolean) =>
    numbers.every((number, i) =>
      i === 0 || number > numbers[i - 1]! ||
      isEqualFine && number === numbers[i - 1]
    );
  if (!rises(bounds, false) || bounds.at(-1) !== Infinity) throw new Error(`bounds of ${told}`);
  if (!rises(counts, true)) throw new Error(`counts of ${told}`);
  const single = (end: string) => {
    const found = samples.filter((sample) => sample.name === name + end);
    if (found.length !== 1) throw new Error(`${told} has ${found.length} ${end}`);
    return found[0]!.value;
  };
  if (single("_count") !== counts.at(-1)) throw new Error(`count of ${told}`);
  if (!(single("_sum") >= 0)) throw new Error(`sum of ${told}`);
}
