import { PATIENCE_MS } from "./patience.ts";

/** Headless Chromium, controlled through its DevTools protocol. */
export class Browser implements AsyncDisposable {
  /** Addresses of everything that a page has requested since it was opened. */
  readonly requests: string[] = [];
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #waiting = new Map<number, (message: Message) => void>();
  readonly #events = new Map<string, () => void>();
  readonly #reading: Promise<void>;
  /** A time limit, so that a browser that hangs blocks nothing for ever. */
  readonly #limit: ReturnType<typeof setTimeout>;
  #session: string | undefined;
  #id = 0;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#writer = child.stdin.getWriter();
    this.#reading = this.#read();
    this.#limit = setTimeout(() => this.#child.kill("SIGKILL"), PATIENCE_MS);
  }

  /**
   * Starts Chromium with one empty page.
   *
   * @param directory where its profile is stored
   */
  static async start(directory: string): Promise<Browser> {
    const browser = new Browser(
      new Deno.Command("sh", {
        // Chromium uses descriptors 3 and 4 for its end of the protocol.
        args: ["-c", `exec chromium "$@" 3<&0 4>&1 </dev/null >/dev/null`]
          .concat("sh", FLAGS, `--user-data-dir=${directory}/profile`),
        env: { HOME: directory },
        stdin: "piped",
        stdout: "piped",
        stderr: "null",
      }).spawn(),
    );
    try {
      await browser.#openPage();
      return browser;
    } catch (error) {
      await browser[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #openPage(): Promise<void> {
    const { targetId } = await this.send("Target.createTarget", {
      url: "about:blank",
    });
    const { sessionId } = await this.send("Target.attachToTarget", {
      targetId,
      flatten: true,
    });
    this.#session = String(sessionId);
    await this.send("Page.enable");
    await this.send("Network.enable");
    await this.send("Emulation.setScrollbarsHidden", { hidden: true });
  }

  /** Opens a file as a page, and waits until it has loaded. */
  async open(path: string): Promise<void> {
    this.requests.length = 0;
    const isLoaded = new Promise<void>((resolve) =>
      this.#events.set("Page.loadEventFired", resolve)
    );
    await this.send("Page.navigate", { url: `file://${path}` });
    await Promise.race([isLoaded, this.#reading]);
  }

  /**
   * Takes a picture of what a window shows, or of the whole page; a PNG.
   *
   * @param width of the window, in CSS pixels
   */
  async screenshot(
    { width, height, scale = 1, isDark = false }: {
      width: number;
      height?: number;
      scale?: number;
      isDark?: boolean;
    },
  ): Promise<Uint8Array> {
    await this.send("Emulation.setEmulatedMedia", {
      features: [{
        name: "prefers-color-scheme",
        value: isDark ? "dark" : "light",
      }],
    });
    await this.send("Emulation.setDeviceMetricsOverride", {
      width,
      height: height ?? 800,
      deviceScaleFactor: scale,
      mobile: width < 600,
    });
    const { data } = await this.send("Page.captureScreenshot", {
      captureBeyondViewport: height === undefined,
    });
    return Uint8Array.fromBase64(String(data));
  }

  /** The page as it is printed on paper of this size in inches; a PDF. */
  async print(width: number, height: number): Promise<Uint8Array> {
    await this.send("Emulation.clearDeviceMetricsOverride");
    const { data } = await this.send("Page.printToPDF", {
      paperWidth: width,
      paperHeight: height,
      printBackground: false,
      preferCSSPageSize: true,
    });
    return Uint8Array.fromBase64(String(data));
  }

  /** Evaluates an expression in the page, regardless of its Content-Security-Policy. */
  async evaluate(expression: string): Promise<unknown> {
    const { result } = await this.send("Runtime.evaluate", {
      expression,
      returnByValue: true,
    });
    return (result as { value?: unknown }).value;
  }

  /** Calls a method of the DevTools protocol. */
  async send(
    method: string,
    params: Record<string, unknown> = {},
  ): Promise<Record<string, unknown>> {
    const id = ++this.#id;
    const answer = new Promise<Message>((resolve) => this.#waiting.set(id, resolve));
    const message = { id, method, params, sessionId: this.#session };
    await this.#writer.write(
      new TextEncoder().encode(`${JSON.stringify(message)}\0`),
    );
    const { result, error } = await answer;
    if (error) throw new Error(`${method}: ${error.message}`);
    return result ?? {};
  }

  async #read(): Promise<void> {
    let rest = "";
    for await (
      const text of this.#child.stdout.pipeThrough(new TextDecoderStream())
    ) {
      const messages = `${rest}${text}`.split("\0");
      rest = messages.pop()!;
      for (const message of messages) this.#take(JSON.parse(message));
    }
    for (const answer of this.#waiting.values()) {
      answer({ error: { message: "the browser has ended" } });
    }
  }

  #take(message: Message): void {
    if (message.id !== undefined) {
      this.#waiting.get(message.id)?.(message);
      this.#waiting.delete(message.id);
      return;
    }
    if (message.method === "Network.requestWillBeSent") {
      this.requests.push(message.params!.request!.url);
    }
    this.#events.get(message.method ?? "")?.();
  }

  /** Ends Chromium with all its processes. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#session = undefined;
    await this.send("Browser.close").catch(() => {});
    await this.#child.status;
    clearTimeout(this.#limit);
    await this.#writer.close().catch(() => {});
    await this.#reading;
  }
}

interface Message {
  id?: number;
  method?: string;
  params?: { request?: { url: string } };
  result?: Record<string, unknown>;
  error?: { message: string };
}

const FLAGS = [
  "--headless",
  // As root, Chromium runs only without its sandbox; everything that it opens here is ours.
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-dev-shm-usage",
  "--disable-breakpad",
  "--host-resolver-rules=MAP * ~NOTFOUND",
  "--remote-debugging-pipe",
];
