import { connect } from "../db.ts";

/**
 * What is wrong with the role that owns the answers, if anything: it must not be able to read
 * the main database, or whoever takes over the public door's answers has the people too.
 */
export async function feedbackRoleProblem(
  databaseUrl: string,
  feedbackUrl: string,
): Promise<string | undefined> {
  const [main, role] = [new URL(databaseUrl), new URL(feedbackUrl)];
  main.username = role.username;
  main.password = role.password;
  const sql = connect(main.href, 1);
  try {
    const [row] = await sql<{ tables: number }[]>`
      select count(*)::int as tables
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where c.relkind in ('r', 'p', 'v', 'm') and n.nspname !~ '^(pg_|information_schema$)'
         and has_table_privilege(c.oid, 'select, insert, update, delete, truncate')`;
    return row && row.tables > 0 ? SENTENCE : undefined;
  } catch {
    // It may not even connect: all the better.
    return undefined;
  } finally {
    await sql.end({ timeout: 5 });
  }
}

const SENTENCE =
  "FEEDBACK_URL: its role may read the main database, so that one break-in finds both the " +
  "answers of surveys and the people. Give the feedback database a role of its own.";
