import { z } from "zod";

import { Survey } from "../domain/feedback/survey.ts";
import { many, one } from "../store/db.ts";
import type { Sql } from "../store/db.ts";

/** Every survey of an incident, the newest first. Refuses `not-found`. */
export async function surveysOf(sql: Sql, incidentId: string): Promise<Survey[]> {
  await one(z.object({ id: z.uuid() }), sql`select id from incident where id = ${incidentId}`);
  return many(
    Survey,
    sql`select * from survey where incident_id = ${incidentId} order by created_at desc, id`,
  );
}

/** One survey. Refuses `not-found`. */
export function surveyOf(sql: Sql, incidentId: string, surveyId: string): Promise<Survey> {
  return one(
    Survey,
    sql`select * from survey where incident_id = ${incidentId} and id = ${surveyId}`,
  );
}
