import type { Connection, Value } from "../../src/store/postgres/connection.ts";
import type { Database } from "../../src/store/postgres/database.ts";

/** A part of a plan, as PostgreSQL shows it ("EXPLAIN", format JSON). */
interface Node {
  "Node Type": string;
  "Parent Relationship"?: string;
  "Relation Name"?: string;
  "Index Name"?: string;
  "Index Cond"?: string;
  Plans?: Node[];
}

/** Nodes that give rows as they come, so that a limit above them ends what is below them. */
const PASSING = ["Limit", "LockRows", "Subquery Scan", "Result", "Unique", "Merge Append"];

/** Indexes that have only the few rows that are looked for. */
const OF_FEW = ["known_places_with_failures"];

/**
 * Says where a statement would go through all rows of a table: with its values, and as it is planned
 * when it has been run so often that PostgreSQL no longer looks at them.
 *
 * @returns a line for each such part of a plan
 */
export function scansOf(
  database: Database,
  sql: string,
  values: readonly Value[],
): Promise<string[]> {
  return database.read(async (connection) => {
    const custom = await planOf(connection, sql, values);
    await connection.run("SET plan_cache_mode = force_generic_plan");
    await connection.run(`PREPARE looked_at AS ${sql}`);
    const nothing = values.length === 0 ? "" : `(${values.map(() => "NULL").join(", ")})`;
    const generic = await planOf(connection, `EXECUTE looked_at ${nothing}`, []);
    await connection.run("DEALLOCATE looked_at");
    await connection.run("RESET plan_cache_mode");
    return [
      ...fullScans(custom, false).map((scan) => `with its values: ${scan}`),
      ...fullScans(generic, false).map((scan) => `with any values: ${scan}`),
    ];
  });
}

async function planOf(
  connection: Connection,
  sql: string,
  values: readonly Value[],
): Promise<Node> {
  const { rows } = await connection.run(`EXPLAIN (FORMAT JSON) ${sql}`, values);
  const plans = rows[0]!["QUERY PLAN"] as { Plan: Node }[];
  return plans[0]!.Plan;
}

/** @param isLimited whether something above ends the node early */
function fullScans(node: Node, isLimited: boolean): string[] {
  const own = isFullScan(node, isLimited)
    ? [`${node["Node Type"]} ${node["Relation Name"] ?? node["Index Name"]}`]
    : [];
  const below = PASSING.includes(node["Node Type"]) &&
    (isLimited || node["Node Type"] === "Limit");
  return [
    ...own,
    ...(node.Plans ?? []).flatMap((part) =>
      fullScans(part, below && part["Parent Relationship"] === "Outer")
    ),
  ];
}

function isFullScan(node: Node, isLimited: boolean): boolean {
  const type = node["Node Type"];
  if (type === "Seq Scan") return true;
  const isIndexScan = ["Index Scan", "Index Only Scan", "Bitmap Index Scan"].includes(type);
  return isIndexScan && node["Index Cond"] === undefined && !isLimited &&
    !OF_FEW.includes(node["Index Name"]!);
}
