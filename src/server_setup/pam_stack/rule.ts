/** A line of a service's file, with the lines that continue it. */
export interface RuleLine {
  text: string;
  /** Number of its first line; the file's first line is 1. */
  line: number;
}

/** The lines with rules, as libpam joins them: `\` continues a line, `#` ends it (pam.conf(5)). */
export function ruleLines(content: string): RuleLine[] {
  const rules: RuleLine[] = [];
  let open: RuleLine | null = null;
  for (const [i, physical] of content.split("\n").entries()) {
    const [code = ""] = physical.split("#", 1);
    const text = code.trim();
    const isContinued = code === physical && text.endsWith("\\");
    const rule: RuleLine = {
      text: (open?.text ?? "") + (isContinued ? `${text.slice(0, -1)} ` : text),
      line: open?.line ?? i + 1,
    };
    open = isContinued ? rule : null;
    if (!isContinued && rule.text.trim() !== "") rules.push(rule);
  }
  return rules;
}

/** The words of a rule; what is between brackets is one word, without them. */
export function ruleWords(text: string): string[] {
  return [...text.matchAll(/\[((?:[^\]\\]|\\\]|\\)*)\]?|[^ \t\n]+/g)]
    .map(([word, bracketed]) => bracketed === undefined ? word : bracketed.replaceAll("\\]", "]"));
}
