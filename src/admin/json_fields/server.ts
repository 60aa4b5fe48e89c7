import type { Documented, Fields } from "./documented.ts";

/** What a check of `doctor` found. */
const FINDINGS = {
  about: "list of what was found",
  of: {
    id: "one of the ids in docs/doctor.md",
    level: "`ok`, `warning` or `problem`",
    what: "what was found",
    why: "why it matters; null if all is well",
    line: "the line to put into the configuration or the unit; null if there is none",
    command: "the command to run; null if there is none",
    at: "the file and line of the cause; null if there is none",
  },
} as const satisfies Fields[string];

/** What the commands about the server, its database and the service print. */
export const OF_SERVER = {
  log: {
    form:
      "A list of objects, oldest first; with `--follow`, an object on each line, and a refusal " +
      "that is counted in an earlier object is printed again with its higher `count`.",
    fields: {
      time: "time of the decision",
      step: "`password` or `code`",
      outcome: "`challenged`, `accepted`, `refused` or `unchanged`",
      reason: "one of the reasons in docs/log.md; null without one",
      by: "what let the user in, or how the client was asked for the code; null otherwise",
      user: "the name that the client gave",
      enrolledUser: "the enrolled user; null if none is known",
      address: "the client's address; null if it is not known",
      commonName: "the common name of the client's certificate; null without one",
      detail: "what else is known; null if nothing is",
      count: "how many refusals the object stands for",
      lastTime: "time of the last of them",
    },
  },
  backup: {
    fields: { file: "path", users: "number", keyFile: "path of the key file" },
  },
  restore: {
    fields: {
      file: "path",
      users: "number",
      returning: "list of users who are enrolled again",
      going: "list of users who are no longer enrolled",
      exemptAgain: "list of users who are exempt again",
    },
  },
  "database init": {
    fields: {
      changed: "whether the tables were made or changed",
      from: "version of the tables before; 0 for none",
      to: "version of the tables now",
      roles: "list of the roles that may use them beside their owner",
    },
  },
  "database copy": {
    fields: {
      users: "number",
      rows: "object with the number of rows of each table",
      keyFile: "path of the key file",
    },
  },
  doctor: {
    fields: {
      config: "path of OpenVPN's configuration",
      program: "path of the program that was looked at",
      problems: "number",
      warnings: "number",
      findings: FINDINGS,
    },
  },
  setup: {
    fields: {
      config: "path of OpenVPN's configuration",
      program: "path of the program that OpenVPN is to run",
      changes: "whether the configuration changes",
      backup: "path of the copy; null without one",
      tokenSecret: "path of the key that was made; null without one",
      findings: { ...FINDINGS, about: "list of what doctor will say, without what is fine" },
      apparmor: {
        about: "what becomes of AppArmor's rules; null if they are left alone",
        of: {
          file: "path of the file with the rules",
          changes: "whether it changes",
          backup: "path of the copy; null without one",
          notes: "list of texts",
          command: "the command that puts the rules into force; null if nothing has changed",
        },
      },
    },
    also: {
      "With `--serve` and `--hook`, also:": {
        files: "list of the paths that are written",
        copies: "list of the paths of copies, of files that others had written",
        notes: "list of texts",
        commands: "list of the commands to run, in their order",
      },
    },
  },
  rekey: {
    fields: { rekeyed: "`true`", users: "number", keyFile: "path of the key file" },
    also: {
      "With `--add`, instead:": {
        rekeyed: "`false`",
        added: "id of the new key",
        keyFile: "path of the key file",
      },
    },
  },
  status: {
    fields: {
      version: "the service's version",
      startedAt: "time",
      stopping: "whether it is about to end",
      loginsInFlight: "number of logins that are decided about now",
      maxLogins: "how many may be",
      helpers: {
        about: "PAM's helpers; null if another program checks passwords",
        of: {
          open: "number of connections to helpers",
          busy: "number of helpers that have a request",
          limit: "the largest number of helpers",
          waiting: "number of logins that wait for a helper",
        },
      },
      servers: {
        about: "list of the OpenVPN servers",
        of: {
          address: "the management socket",
          connected: "whether the service is connected to it",
          since: "time at which that last changed",
          reconnects: "how often the connection was made again",
          version: "OpenVPN's version; null if it is not known",
          loginsInFlight: "number of logins that are decided about now",
          pendingChallenges: "number of clients that were asked for a code and have not answered",
        },
      },
    },
  },
} as const satisfies Record<string, Documented>;
