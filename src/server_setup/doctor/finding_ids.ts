/** How bad a finding is: a problem causes logins to be refused, or lets in people it should not. */
export type Level = "ok" | "warning" | "problem";

/**
 * What each check looks at, and the worst level that it can find, by the finding's id: for the report,
 * the compiler and docs/doctor.md. The ids never change, since programs read them.
 */
export const FINDINGS = {
  config: {
    worst: "problem",
    about: "OpenVPN can read the configuration, and nobody else can write it",
  },
  openvpn_version: { worst: "problem", about: "OpenVPN is 2.6.1 or newer" },
  script_security: {
    worst: "problem",
    about: "`script-security` allows OpenVPN to run the program",
  },
  password_script: { worst: "problem", about: "`auth-user-pass-verify` runs this program" },
  password_method: { worst: "problem", about: "the password is passed in a file (`via-file`)" },
  code_script: { worst: "problem", about: "`client-crresponse` runs this program" },
  program_file: { worst: "problem", about: "the program can be run, and nobody else can write it" },
  session_token: {
    worst: "problem",
    about: "`auth-gen-token` saves users from entering a code at each renegotiation",
  },
  token_secret: {
    worst: "warning",
    about: "`auth-gen-token-secret` keeps tokens valid when OpenVPN restarts",
  },
  token_crash: { worst: "warning", about: "no session token can crash OpenVPN (`external-auth`)" },
  challenge_time: {
    worst: "warning",
    about: "`reneg-sec` and `hand-window` leave enough time to answer",
  },
  inactive: { worst: "warning", about: "`inactive` does not cut short the wait for an answer" },
  dropped_rights: {
    worst: "problem",
    about: "the user that OpenVPN runs as can check passwords (`user`, `User=`)",
  },
  password_factor: { worst: "problem", about: "something checks the password, and only once" },
  unenrolled: { worst: "warning", about: "`totpUnenrolled` lets nobody in with just a password" },
  common_name: {
    worst: "problem",
    about: "clients have certificates whose names `totpCommonName` can compare",
  },
  optional_username: { worst: "warning", about: "`auth-user-pass-optional` is not set" },
  management: {
    worst: "problem",
    about: "hooks or the service decide about logins, not both, and nobody else can",
  },
  management_socket: {
    worst: "problem",
    about: "service: only the service can use OpenVPN's management socket",
  },
  pam_socket: { worst: "problem", about: "service: only the service can have PAM check passwords" },
  service_settings: {
    worst: "problem",
    about: "service: its settings' file can be read, and nobody but root can write it",
  },
  service_user: { worst: "problem", about: "service: the system has its user" },
  service_unit: {
    worst: "problem",
    about: "service: its unit names this server's management socket",
  },
  service_running: { worst: "warning", about: "service: whether it answers" },
  chroot: { worst: "problem", about: "`chroot` does not hide the program" },
  static_challenge: { worst: "warning", about: "`static-challenge` is set on clients only" },
  answers_in_log: { worst: "ok", about: "whether OpenVPN logs users' answers (`verb`)" },
  settings: { worst: "problem", about: "each `totp…` setting is known and has an allowed value" },
  guessing: { worst: "warning", about: "how likely it is that a code is guessed in a day" },
  log: { worst: "problem", about: "the program's log lines are kept" },
  tmp_dir: { worst: "problem", about: "OpenVPN's temporary files can be created and read" },
  unit: { worst: "ok", about: "which systemd unit starts OpenVPN" },
  unit_tasks: { worst: "problem", about: "the unit's task limit leaves enough room" },
  unit_memory: { worst: "problem", about: "the unit's memory rules let the program start" },
  unit_capabilities: { worst: "warning", about: "the unit keeps the capabilities that PAM needs" },
  unit_paths: {
    worst: "problem",
    about: "the unit gives the program access to its database, key file and log",
  },
  unit_network: {
    worst: "problem",
    about: "the unit lets the program reach its database on a PostgreSQL server",
  },
  apparmor: { worst: "problem", about: "AppArmor lets OpenVPN do what logins need" },
  selinux: { worst: "problem", about: "SELinux lets the program out of OpenVPN's domain" },
  database: { worst: "problem", about: "the database opens as it would for a login" },
  database_write: { worst: "problem", about: "a login can write to the database" },
  database_server: {
    worst: "problem",
    about: "PostgreSQL: a server is reached, of version 13 or later, with the encoding UTF8",
  },
  database_role: {
    worst: "problem",
    about: "PostgreSQL: the role of logins has no more rights than they need",
  },
  database_tls: {
    worst: "warning",
    about: "PostgreSQL: nobody can read or change what is said to the server",
  },
  database_commit: {
    worst: "problem",
    about: "PostgreSQL: used codes stay used when a server crashes or another takes over",
  },
  database_clock: {
    worst: "problem",
    about: "PostgreSQL: this machine's clock agrees with the database's",
  },
  database_time: { worst: "warning", about: "PostgreSQL: how long a round trip takes" },
  secrets: {
    worst: "problem",
    about: "each user's secret opens with the key file and gives a code",
  },
  pam_service: { worst: "problem", about: "the PAM service has a file" },
  pam_start: { worst: "problem", about: "libpam loads and starts with the service" },
  pam_codes: { worst: "problem", about: "no module of the PAM service asks for another code" },
  pam_stack: {
    worst: "problem",
    about: "the rules of the PAM service refuse wrong passwords, and only those",
  },
  clock: { worst: "problem", about: "the clock is right and is kept synchronised" },
  password: { worst: "problem", about: "`--user`: PAM accepts the user's password" },
  any_password: { worst: "problem", about: "`--user`: PAM refuses a random password" },
} as const satisfies Record<string, { worst: Level; about: string }>;

/** One of {@link FINDINGS}. */
export type FindingId = keyof typeof FINDINGS;

/** Those of {@link FINDINGS} that can be as bad as one of these levels. */
type IdOf<Worst extends Level> = {
  [Id in FindingId]: (typeof FINDINGS)[Id]["worst"] extends Worst ? Id : never;
}[FindingId];

/** A finding that can be a problem. */
export type ProblemId = IdOf<"problem">;

/** A finding that can be a warning. */
export type WarningId = IdOf<"warning" | "problem">;
