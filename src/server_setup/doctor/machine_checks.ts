import { placeText } from "../../core/database_place.ts";
import { counted } from "../../text/counted.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";
import type { ProblemId } from "./finding_ids.ts";
import { checkServer } from "./server_checks.ts";
import type { DatabaseState, SetUp } from "./set_up.ts";

/** Years in which this program can be running; in any other year the clock is wrong. */
const YEARS = { first: 2025, last: 2100 };

const WHY_REFUSED = "every login is refused";

/** The database, the key file, PAM and the clock. */
export function checkMachine(setUp: SetUp): Finding[] {
  return [
    ...(setUp.database === null
      ? []
      : checkDatabase(setUp.database, placeText(setUp.settings.database))),
    ...checkServer(setUp),
    ...checkPam(setUp),
    checkClock(setUp.clock),
  ];
}

function checkDatabase(found: DatabaseState, path: string): Finding[] {
  switch (found.state) {
    case "missing": {
      const why = "nobody is enrolled yet, or totpTokenDbPath is not where you enrolled users";
      const command = "openvpn-totp enroll USER";
      return [problem("database", `there is no database at ${path}`, why, { command })];
    }
    case "failed":
      return [problem("database", found.message, WHY_REFUSED)];
    case "unread":
      return [
        warning("database", found.message, "nothing else about it was checked"),
      ];
    case "older": {
      const what = `${path} has schema version ${found.version}, and this program uses version ` +
        found.known;
      const why = "the next login upgrades it, and older programs cannot read it after that; " +
        "nothing else about it was checked";
      return [warning("database", what, why, { command: "openvpn-totp list" })];
    }
    case "open": {
      const what = `${path} opens, ${counted(found.users, "user")} enrolled`;
      return [ok("database", what), checkWrite(found.writeTrouble), checkSecrets(found)];
    }
  }
}

function checkWrite(trouble: string | null): Finding {
  return trouble === null
    ? ok("database_write", "a login can write to it (tested without writing anything)")
    : problem("database_write", trouble, WHY_REFUSED);
}

function checkSecrets({ closed, users }: DatabaseState & { state: "open" }): Finding {
  if (closed !== null) {
    return problem("secrets", closed.message, `${counted(closed.count, "user")} cannot log in`);
  }
  if (users > 0) return ok("secrets", "every secret opens and gives a code");
  const command = "openvpn-totp enroll USER";
  return warning("secrets", "nobody is enrolled", "nobody can log in", { command });
}

function checkPam({ pam }: SetUp): Finding[] {
  if (pam === null) return [];
  const tell = (id: ProblemId, trouble: string | null, well: string) =>
    trouble === null ? ok(id, well) : problem(id, trouble, "no password can be checked");
  const service = pam.service ?? "";
  const file = tell("pam_service", pam.serviceTrouble, `the PAM service ${service} has a file`);
  if (pam.service === null) return [file];
  return [file, tell("pam_start", pam.startTrouble, `libpam starts with the service ${service}`)];
}

function checkClock({ year, isSynchronised }: SetUp["clock"]): Finding {
  const advice = { command: "timedatectl set-ntp true" };
  if (year < YEARS.first || year > YEARS.last) {
    return problem("clock", `the clock says the year is ${year}`, "no code is right", advice);
  }
  if (isSynchronised === false) {
    const why = "if it is a minute off, no code is right";
    return warning("clock", "the clock is not synchronised", why, advice);
  }
  const what = isSynchronised === null
    ? `the year is ${year}; it is not known whether the clock is synchronised`
    : "the clock is synchronised";
  return ok("clock", what);
}
