import project from "../../deno.json" with { type: "json" };
import type { EpochMs } from "../core/epoch.ts";
import { Severity } from "../login/decision_line.ts";
import { EXTERNAL_FACTOR, type FirstFactor } from "../login/first_factor.ts";
import { choosePamService } from "../pam/choose_pam_service.ts";
import type { ServeOptions } from "../service_options.ts";
import type { ReadVariable, Settings } from "../settings.ts";
import { messageOf } from "../text/message_of.ts";
import { CurrentLogin, type Rules } from "./current_login.ts";
import { HelperFactor } from "./helpers/helper_factor.ts";
import { HelperPool } from "./helpers/helper_pool.ts";
import { STOP_MS } from "./limits.ts";
import { LoginDesk } from "./login_desk.ts";
import { ServiceMetrics } from "./metrics/service_metrics.ts";
import { OpenvpnServer } from "./openvpn_server.ts";
import { readPasswordFile } from "./password_file.ts";
import { Proxy } from "./proxy.ts";
import { ServiceLog } from "./service_log.ts";
import type { ServerState, ServiceState } from "../service_state.ts";
import { readServiceSettings } from "./settings_file.ts";
import { keepMetricsFile } from "./status/metrics_file.ts";
import { openStatusServer } from "./status/status_server.ts";

/**
 * Logins that are being checked count as failures until they are known to be none, so more helpers than
 * an address may have failures would refuse users who share one.
 */
const MOST_HELPERS = 10;

/** How long the state is told as it was found, in milliseconds. */
const STATE_LASTS_MS = 100;

/** How long OpenVPN has to read the last words, in milliseconds. */
const LAST_WORDS_MS = 1000;

/** The service: the servers that it answers, and what they share. */
export class Service {
  readonly #options: ServeOptions;
  readonly #read: ReadVariable;
  readonly #startedAt: EpochMs = Date.now();
  readonly #metrics = new ServiceMetrics(() => this.state());
  readonly #log: ServiceLog;
  readonly #current: CurrentLogin;
  readonly #desk: LoginDesk;
  readonly #servers: readonly OpenvpnServer[];
  readonly #closing = new AsyncDisposableStack();
  #pool: HelperPool | null = null;
  #isStopping = false;
  #state!: ServiceState;
  #stateUntil = -Infinity;

  /** @throws Failure if a setting is bad */
  constructor(options: ServeOptions, read: ReadVariable) {
    this.#options = options;
    this.#read = read;
    const settings = readServiceSettings(options.settings, read);
    this.#log = new ServiceLog(settings.log, (lines) => this.#metrics.logDropped(lines));
    this.#current = new CurrentLogin(this.#adopt(settings), Date.now);
    this.#desk = new LoginDesk({
      current: this.#current,
      log: this.#log,
      meter: this.#metrics,
      maxLogins: options.maxLogins,
    });
    this.#servers = options.management.map((address) =>
      new OpenvpnServer({
        address,
        password: () => this.#password(),
        event: (server, event) => this.#desk.take(server, event),
        log: this.#log,
        reconnected: () => this.#metrics.reconnected(),
      })
    );
  }

  /**
   * Opens its own sockets, and begins to connect to the servers.
   *
   * @throws Failure if a socket cannot be made
   */
  async start(): Promise<void> {
    const { proxies, status, metricsFile } = this.#options;
    for (const [i, address] of proxies.entries()) {
      const proxy = await Proxy.open(address, this.#servers[i]!);
      this.#closing.defer(() => proxy.close());
    }
    const metrics = () => this.#metrics.text();
    if (status !== null) {
      const server = await openStatusServer(status, { metrics, state: () => this.state() });
      this.#closing.defer(() => server.close());
    }
    if (metricsFile !== null) {
      const failed = (why: string) => this.#note("metrics not written", why, Severity.NOTICE);
      const file = keepMetricsFile(metricsFile, { metrics, failed });
      this.#closing.defer(() => file.close());
    }
    await this.#tryDatabase();
    for (const server of this.#servers) server.run();
    this.#note("started", null, Severity.NOTICE);
  }

  /** Reads the settings again; bad ones leave the service as it is. */
  reload(): void {
    try {
      const settings = readServiceSettings(this.#options.settings, this.#read);
      const before = this.#pool;
      this.#current.change(this.#adopt(settings));
      before?.retire();
      this.#log.redirect(settings.log);
      this.#note("settings read again", null, Severity.NOTICE);
    } catch (error) {
      this.#note("settings left as they were", messageOf(error), Severity.ERROR);
    }
  }

  /** Lets what is under way end, within a limit, refuses the rest, and closes everything. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#note("stopping", null, Severity.NOTICE);
    await this.#desk.stop(STOP_MS);
    for (const server of this.#servers) LoginDesk.refuseAll(server);
    await Promise.all(this.#servers.map((server) => server.flush(LAST_WORDS_MS)));
    for (const server of this.#servers) server.end();
    await this.#closing.disposeAsync();
    this.#pool?.close();
    this.#current.close();
    await this.#log.settled(LAST_WORDS_MS);
  }

  /** Has `stop`, if it was called, wait no longer for what is under way. */
  hurry(): void {
    this.#desk.hurry();
  }

  /** The service at this moment, or just before: anybody may ask, as often as they like. */
  state(): ServiceState {
    if (performance.now() >= this.#stateUntil) {
      this.#state = this.#stateNow();
      this.#stateUntil = performance.now() + STATE_LASTS_MS;
    }
    return this.#state;
  }

  #stateNow(): ServiceState {
    return {
      version: project.version,
      startedAt: this.#startedAt,
      isStopping: this.#isStopping,
      servers: this.#servers.map(stateOf),
      helpers: this.#pool?.state() ?? null,
      loginsInFlight: this.#desk.inFlight,
      maxLogins: this.#options.maxLogins,
    };
  }

  /** Makes what logins are decided by, with helpers of its own. */
  #adopt(settings: Settings): Rules {
    return { settings, firstFactor: this.#openFirstFactor(settings) };
  }

  #openFirstFactor(settings: Settings): FirstFactor {
    if (settings.primaryAuth === "external") {
      this.#pool = null;
      return EXTERNAL_FACTOR;
    }
    const serviceName = choosePamService(settings.pamService);
    const { pamSocket, helpers, maxLogins } = this.#options;
    this.#pool = new HelperPool({
      socket: pamSocket,
      // One more than can work at once: while one hashes, the next is being counted.
      limit: helpers ?? Math.min(navigator.hardwareConcurrency + 1, MOST_HELPERS),
      timeoutSeconds: settings.pamTimeoutSeconds,
      maxWaiting: maxLogins,
      observe: (seconds, outcome) => this.#metrics.pamTook(seconds, outcome),
    });
    return new HelperFactor(this.#pool, serviceName);
  }

  /** A database that cannot be used now may be there later; until then, logins are refused. */
  async #tryDatabase(): Promise<void> {
    try {
      await this.#current.use(({ store }) => store.logins.findPending("none"));
    } catch (error) {
      this.#note("no login is possible yet", messageOf(error), Severity.ERROR);
    }
  }

  #password(): Uint8Array | null {
    const path = this.#options.managementPassword;
    if (path === null) return null;
    try {
      return readPasswordFile(path);
    } catch (error) {
      this.#note("no password for OpenVPN", messageOf(error), Severity.ERROR);
      return null;
    }
  }

  #note(event: string, detail: string | null, severity: number): void {
    this.#log.write({ event, detail }, severity);
  }
}

function stateOf(server: OpenvpnServer): ServerState {
  const { inFlight, challenged } = server.sessions.count();
  return {
    address: server.name,
    isConnected: server.isConnected,
    since: server.since,
    reconnects: server.reconnects,
    version: server.version,
    loginsInFlight: inFlight,
    pendingChallenges: challenged,
  };
}
