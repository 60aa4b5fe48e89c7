/** The content type of {@link exposition}. */
export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Labels of a sample, by name. */
export type Labels = Readonly<Record<string, string>>;

/** A sample: its name's end, its labels and its value. */
export type Sample = readonly [suffix: string, labels: Labels, value: number];

/** One metric with its samples. */
export interface Family {
  name: string;
  help: string;
  type: "counter" | "gauge" | "histogram";
  samples: readonly Sample[];
}

/**
 * Metrics in Prometheus's text format 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/).
 */
export function exposition(families: readonly Family[]): string {
  return families.map(({ name, help, type, samples }) => {
    const lines = samples.map(([suffix, labels, value]) =>
      `${name}${suffix}${inBraces(labels)} ${numeral(value)}\n`
    );
    return `# HELP ${name} ${help.replace(/[\\\n]/g, escaped)}\n# TYPE ${name} ${type}\n${
      lines.join("")
    }`;
  }).join("");
}

function inBraces(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) =>
    `${name}="${value.replace(/[\\\n"]/g, escaped)}"`
  );
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escaped(character: string): string {
  return character === "\n" ? "\\n" : `\\${character}`;
}

/** A number as Go's ParseFloat reads it. */
export function numeral(value: number): string {
  return Math.abs(value) === Infinity ? `${value < 0 ? "-" : "+"}Inf` : String(value);
}
