import { DatabaseSync } from "node:sqlite";
import { makePamService, type PamService, PLAIN_RULES } from "../tests/lab/pam_service.ts";
import { keyFileOf, makeTestDirectory, on, type TestDirectory } from "../tests/lab/program.ts";
import { enrolPeople, makePeople, type People, type Person } from "./people.ts";

/** What all contenders share: people who can log in with each of them, and PAM's rules. */
export class Rig implements AsyncDisposable {
  readonly people: readonly Person[];
  /** Our database. */
  readonly db: string;
  readonly pythonDb: string;
  /** PAM's service that checks the password alone. */
  readonly passwordService: string;
  /** PAM's service that checks the password, then the code with Debian's module. */
  readonly bothService: string;
  /** Of all this, and of what a contender makes. */
  readonly directory: string;
  readonly #stack: AsyncDisposableStack;

  private constructor(parts: Parts, stack: AsyncDisposableStack) {
    this.people = parts.people.all;
    this.directory = parts.directory.path;
    this.db = parts.directory.db;
    this.pythonDb = `${this.directory}/python.sqlite3`;
    this.passwordService = parts.password.name;
    this.bothService = parts.both.name;
    this.#stack = stack;
  }

  /** Makes accounts, enrols them everywhere, and writes the PAM services. */
  static async make(count: number): Promise<Rig> {
    await using stack = new AsyncDisposableStack();
    const directory = stack.use(await makeTestDirectory());
    const people = stack.use(await makePeople(count));
    const password = stack.use(await makePamService(PLAIN_RULES));
    const both = stack.use(await makePamService(bothRules(directory.path)));
    const rig = new Rig({ directory, people, password, both }, stack.move());
    await Deno.mkdir(`${directory.path}/google`, { mode: 0o700 });
    await enrolPeople(on(rig.db), rig.people);
    rig.#makePythonDatabase();
    rig.forget();
    return rig;
  }

  /** Our settings, as environment or as lines of a file. */
  get settings(): Record<string, string> {
    return {
      totpTokenDbPath: this.db,
      totpKeyFile: keyFileOf(this.db),
      totpPamService: this.passwordService,
      totpDriftSteps: "10",
      // All come from one address here, and from no network that they have logged in from.
      totpFreePasswords: "100",
    };
  }

  /** Has everybody forget which codes were used, and wrong passwords. */
  forget(): void {
    change(
      this.db,
      "UPDATE enrolments SET last_step = NULL; DELETE FROM place_failures; " +
        "DELETE FROM wrong_passwords; DELETE FROM known_places",
    );
    change(this.pythonDb, "UPDATE tokens SET step = NULL");
    for (const { username, secret } of this.people) {
      Deno.writeTextFileSync(
        `${this.directory}/google/${username}`,
        `${secret}\n" RATE_LIMIT 100 30\n" WINDOW_SIZE 17\n" DISALLOW_REUSE\n" TOTP_AUTH\n`,
        { mode: 0o600 },
      );
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  #makePythonDatabase(): void {
    using database = new DatabaseSync(this.pythonDb);
    database.exec(
      "CREATE TABLE tokens (username TEXT PRIMARY KEY, secret TEXT, step INTEGER); " +
        "CREATE TABLE pending (control TEXT PRIMARY KEY, username TEXT, until REAL)",
    );
    const insert = database.prepare("INSERT INTO tokens VALUES (?, ?, NULL)");
    for (const { username, secret } of this.people) insert.run(username, secret);
  }
}

interface Parts {
  directory: TestDirectory;
  people: People;
  password: PamService;
  both: PamService;
}

function bothRules(directory: string): string[] {
  const secret = `secret=${directory}/google/\${USER}`;
  return [
    PLAIN_RULES[0]!,
    `auth required pam_google_authenticator.so ${secret} user=root`,
    PLAIN_RULES[1]!,
  ];
}

function change(path: string, statements: string): void {
  using database = new DatabaseSync(path, { timeout: 10_000 });
  database.exec(statements);
}
