import type { ServeOptions } from "../service_options.ts";
import { sealForeignCode } from "../system/libraries.ts";
import { type ServiceManager, systemdNotifier } from "../system/service_manager.ts";
import { Service } from "./service.ts";

/**
 * Answers logins over OpenVPN's management interface until SIGTERM or SIGINT comes; a second one lets
 * nothing more end. SIGHUP has the settings read again.
 *
 * @returns the exit status
 * @throws Failure if it cannot start
 */
export async function serve(options: ServeOptions): Promise<number> {
  const read = (name: string) => Deno.env.get(name);
  const manager = systemdNotifier(read);
  const service = new Service(options, read);
  // From here on, nothing that comes in could have foreign code loaded.
  sealForeignCode();
  const ended = Promise.withResolvers<void>();
  const end = () => {
    ended.resolve();
    service.hurry();
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) Deno.addSignalListener(signal, end);
  Deno.addSignalListener("SIGHUP", () => service.reload());
  await service.start();
  const stopTelling = tellThatItLives(manager);
  manager.notify("READY=1");
  await ended.promise;
  manager.notify("STOPPING=1");
  await service.stop();
  stopTelling();
  return 0;
}

/** The timer runs only while nothing holds up the service's work. */
function tellThatItLives({ watchdogMs, notify }: ServiceManager): () => void {
  if (watchdogMs === null) return () => {};
  const timer = setInterval(() => notify("WATCHDOG=1"), watchdogMs / 2);
  return () => clearInterval(timer);
}
