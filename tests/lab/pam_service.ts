import { mustRun } from "./command.ts";
import { newName } from "./owner.ts";

/** Where Linux-PAM looks for services (pam.conf(5)). */
export const PAM_SERVICES = "/etc/pam.d";

/** The modules that check a real account's password. */
export const PLAIN_RULES = [
  "auth required pam_unix.so",
  "account required pam_unix.so",
];

/** Modules that take everybody, by whatever name, and do not say what they call them. */
export const PERMISSIVE_RULES = [
  "auth required pam_permit.so",
  "account required pam_permit.so",
];

/** A PAM service for a test, removed at the end of its scope. */
export interface PamService extends AsyncDisposable {
  name: string;
  /** Replaces its rules. */
  use(rules: readonly string[]): Promise<void>;
}

/**
 * Makes a PAM service with these rules (in the format of pam.conf(5), without the service's name).
 */
export async function makePamService(
  rules: readonly string[],
  name = newName(),
): Promise<PamService> {
  const file = `${PAM_SERVICES}/${name}`;
  const use = (rules: readonly string[]) =>
    Deno.writeTextFile(file, rules.map((rule) => `${rule}\n`).join(""));
  await use(rules);
  return { name, use, [Symbol.asyncDispose]: () => Deno.remove(file) };
}

/**
 * Compiles a PAM module.
 *
 * @param source C; `pam_sm_setcred` is there already. Its variables last from one transaction to the
 *   next, as the module stays loaded
 * @returns its path
 */
export async function compileModule(
  directory: string,
  source: string,
): Promise<string> {
  const module = `${directory}/module-${crypto.randomUUID().slice(0, 8)}.so`;
  await mustRun("gcc", [
    ...["-x", "c", "-shared", "-fPIC", "-pthread", "-o", module, "-"],
    ...["-l:libpam.so.0", "-Wl,-z,nodelete"],
  ], { stdin: DECLARATIONS + source });
  return module;
}

/** Copied from security/pam_modules.h, which would need an extra package. */
const DECLARATIONS = `
#define _GNU_SOURCE
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <signal.h>
#include <pthread.h>
#include <unistd.h>
#include <sys/prctl.h>
struct pam_message { int msg_style; const char *msg; };
struct pam_response { char *resp; int resp_retcode; };
struct pam_conv {
  int (*conv)(int, const struct pam_message **, struct pam_response **, void *);
  void *appdata_ptr;
};
enum { PAM_SUCCESS = 0, PAM_AUTH_ERR = 7 };
enum { PAM_USER = 2, PAM_CONV = 5, PAM_AUTHTOK = 6, PAM_PROMPT_ECHO_OFF = 1 };
int pam_set_item(void *handle, int item, const void *value);
int pam_get_item(void *handle, int item, const void **value);
int pam_set_data(void *handle, const char *name, void *data,
                 void (*cleanup)(void *handle, void *data, int status));
int pam_sm_setcred(void *handle, int flags, int argc, const char **argv) {
  return PAM_SUCCESS;
}
`;
