import type { Context } from "../../context.ts";
import type { OwnSource, OwnSources } from "../delivery/prepare.ts";
import * as surveys from "../../store/feedback/survey.ts";
import { personalCodes, unsubscribeLinks } from "../inquiry/code.ts";
import { passFor } from "./survey.ts";

/**
 * What is each person's own in a message: the personal code, the way to stop courtesies, and in
 * an invitation the pass to the incident's open survey. Everybody invited gets the same pass in
 * an invitation and in its reminder, whether they answered or not: that, nobody can tell. Holds
 * where no survey is open, or where it asks other people than those the notice goes to.
 */
export const ownWords: OwnSources = async (ctx, { incidentId, noticeVersionId, noticeKind }) => {
  const codeOf = await personalCodes(ctx, incidentId);
  const unsubscribeOf = await unsubscribeLinks(ctx, incidentId);
  const passOf =
    noticeKind === "invitation" ? await passes(ctx, incidentId, noticeVersionId) : nobodys;
  if (typeof passOf === "string") return { hold: passOf };
  return {
    of(recipientId): ReturnType<OwnSource["of"]> {
      let code: string | undefined;
      const invited = passOf(recipientId);
      // Made where a message shows them, which is seldom the case of both.
      return {
        own: {
          get personal_code() {
            return (code ??= codeOf(recipientId));
          },
          ...invited,
        },
        get unsubscribe() {
          return unsubscribeOf(recipientId);
        },
      };
    },
  };
};

async function passes(ctx: Context, incidentId: string, noticeVersionId: string) {
  const survey = await surveys.openOf(ctx.sql, incidentId);
  if (!survey) return "survey-not-open";
  const audiences = await surveys.audiencesOf(ctx.sql, noticeVersionId);
  if (audiences.some((id) => id !== survey.audienceId)) return "survey-other-audience";
  const keys = await ctx.vault.keys(survey.id);
  return (recipientId: string) => {
    const pass = passFor(keys, recipientId);
    const link = new URL(`/survey/${pass}`, ctx.config.PUBLIC_URL).href;
    return { survey_code: pass, survey_link: link };
  };
}

const nobodys = (_recipientId: string) => ({});
