import { resolve } from "node:path/posix";
import { Failure } from "../../../core/failure.ts";
import { isSocketPath, readSocketAddress, type ServeOptions } from "../../../service_options.ts";
import { quoted } from "../../../text/printable.ts";
import type { AdminContext } from "../../context.ts";
import type { ServeCommandOptions } from "./options.ts";

/** `serve`: the service on OpenVPN's management interface, until it is told to end. */
export async function serve(context: AdminContext, options: ServeCommandOptions): Promise<void> {
  if (context.db !== undefined || context.key !== undefined) {
    throw new Failure(
      "usage",
      "serve takes no --db and no --key: set totpTokenDbPath and totpKeyFile in its settings' file, " +
        "where the PAM helper and its own restart find them, too",
    );
  }
  context.exitStatus = await context.services.serve(readServeOptions(options));
}

/** @throws Failure `usage` */
function readServeOptions(options: ServeCommandOptions): ServeOptions {
  const proxies = options.managementProxy ?? [];
  if (proxies.length > options.management.length) {
    throw new Failure(
      "usage",
      `--management-proxy was given ${proxies.length} times and --management only ` +
        `${options.management.length} times: give one for each server, in the same order`,
    );
  }
  return {
    management: once("--management", options.management),
    managementPassword: optionalPath(options.managementPassword),
    proxies: once("--management-proxy", proxies),
    settings: optionalPath(options.settings),
    pamSocket: readPamSocket(options.pamSocket),
    helpers: options.helpers === undefined ? null : readCount("--helpers", options.helpers, 64),
    maxLogins: readCount("--max-logins", options.maxLogins, 10_000),
    status: options.status === undefined ? null : readSocketAddress("--status", options.status),
    metricsFile: optionalPath(options.metricsFile),
  };
}

/** Reads addresses, none of which may come twice. */
function once(option: string, texts: readonly string[]): ServeOptions["management"] {
  const twice = texts.find((text, i) => texts.indexOf(text) !== i);
  if (twice !== undefined) {
    throw new Failure("usage", `${option} was given twice with ${quoted(twice)}`);
  }
  return texts.map((text) => readSocketAddress(option, text));
}

function readPamSocket(text: string): string {
  if (isSocketPath(text)) return text;
  throw new Failure("usage", `--pam-socket is ${quoted(text)}, expected an absolute path`);
}

function optionalPath(text: string | undefined): string | null {
  return text === undefined ? null : resolve(text);
}

function readCount(option: string, text: string, most: number): number {
  const number = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (number >= 1 && number <= most) return number;
  throw new Failure(
    "usage",
    `${option} is ${quoted(text)}, expected a whole number from 1 to ${most}`,
  );
}
