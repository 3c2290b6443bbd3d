import { approve, submit } from "../../src/actions/publication/approval.ts";
import { draft, setAddress } from "../../src/actions/publication/draft.ts";
import type { UpdateView } from "../../src/actions/publication/view.ts";
import type { NewUpdate } from "../../src/domain/publication.ts";
import type { World } from "./world.ts";

/** An update in English; say only what the test is about. */
export function anUpdate(over: Partial<NewUpdate> = {}): NewUpdate {
  return {
    kind: "initial",
    languages: {
      en: {
        title: "A laptop with customer data was stolen",
        body: "On Monday a laptop was **stolen** from a parked car.",
        faq: [],
      },
    },
    ...over,
  };
}

/** An update that the drafter submitted and nobody has approved. */
export async function givenUpdate(
  w: World,
  incidentId: string,
  over: Partial<NewUpdate> = {},
  slug = slugOf(incidentId),
): Promise<UpdateView> {
  await setAddress(w.ctx, w.staff.drafter, incidentId, { slug });
  const { id: updateId } = await draft(w.ctx, w.staff.drafter, incidentId, anUpdate(over));
  return submit(w.ctx, w.staff.drafter, { incidentId, updateId }, 1);
}

/** One that is published, approved by as many people as it needs. */
export async function givenPublished(
  w: World,
  incidentId: string,
  over: Partial<NewUpdate> = {},
  slug = slugOf(incidentId),
): Promise<UpdateView> {
  let update = await givenUpdate(w, incidentId, over, slug);
  const people = [w.staff.approver, w.staff.approver2].slice(0, update.approvalsNeeded);
  for (const person of people)
    update = await approve(
      w.ctx,
      person,
      { incidentId, updateId: update.id },
      { binding: update.binding ?? "" },
    );
  return update;
}

/** An address for the page of an incident, the same every time. */
export function slugOf(incidentId: string): string {
  return `incident-${incidentId.slice(0, 8)}`;
}
