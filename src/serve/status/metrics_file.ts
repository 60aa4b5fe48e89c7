import { messageOf } from "../../text/message_of.ts";
import { quoted } from "../../text/printable.ts";

/** How often the file is written, in milliseconds. */
const INTERVAL_MS = 15_000;

/** What a metrics file is made of. */
export interface MetricsFileSource {
  /** Prometheus's text. */
  metrics(): string;
  /** Is told why the file can't be written, once until it works again. */
  failed(why: string): void;
}

/** A file that is being kept up to date. */
export interface MetricsFile {
  /** Ends that, and removes the file: nobody may take old numbers for a running service's. */
  close(): Promise<void>;
}

/**
 * Writes the metrics to a file now and every 15 seconds, for the textfile collector of Prometheus's
 * node_exporter. At any moment the file is whole. Never throws.
 *
 * @param path absolute; the collector reads names that end in `.prom`
 */
export function keepMetricsFile(
  path: string,
  source: MetricsFileSource,
  intervalMs = INTERVAL_MS,
): MetricsFile {
  return new KeptFile(path, source, intervalMs);
}

class KeptFile implements MetricsFile {
  readonly #path: string;
  readonly #source: MetricsFileSource;
  readonly #intervalMs: number;
  /** The last write worked; null before the first. */
  #hasWorked: boolean | null = null;
  #isOurs = false;
  #isClosed = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #writing: Promise<void>;

  constructor(path: string, source: MetricsFileSource, intervalMs: number) {
    this.#path = path;
    this.#source = source;
    this.#intervalMs = intervalMs;
    this.#writing = this.#write();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#writing;
    if (this.#isOurs) await removeQuietly(this.#path);
  }

  async #write(): Promise<void> {
    try {
      await replace(this.#path, this.#source.metrics());
      this.#hasWorked = true;
      this.#isOurs = true;
    } catch (error) {
      this.#tell(messageOf(error));
    }
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => this.#writing = this.#write(), this.#intervalMs);
  }

  #tell(why: string): void {
    if (this.#hasWorked === false) return;
    this.#hasWorked = false;
    try {
      this.#source.failed(`cannot write the metrics to ${quoted(this.#path)}: ${why}`);
    } catch {
      // Whoever is told has an error of their own; the next write goes on.
    }
  }
}

async function replace(path: string, text: string): Promise<void> {
  // The collector skips it, as its name ends in something else.
  const temporary = `${path}.tmp`;
  await removeQuietly(temporary);
  try {
    // A new file: what others could have put there is not followed.
    await Deno.writeTextFile(temporary, text, { createNew: true, mode: 0o644 });
    await Deno.chmod(temporary, 0o644);
    await Deno.rename(temporary, path);
  } catch (error) {
    await removeQuietly(temporary);
    throw error;
  }
}

async function removeQuietly(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch {
    // There is none; otherwise writing it says why.
  }
}
