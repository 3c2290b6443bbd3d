import { approvalRoutes } from "./approval.routes.ts";
import { audienceRoutes } from "./audience.routes.ts";
import { deliveryRoutes } from "./delivery.routes.ts";
import { deltaRoutes } from "./delta.routes.ts";
import { engineRoutes } from "./engine.routes.ts";
import { feedbackRoutes } from "./feedback.routes.ts";
import { filingRoutes } from "./filing.routes.ts";
import { followupRoutes } from "./followup.routes.ts";
import { heldRoutes } from "./held.routes.ts";
import { inboxRoutes } from "./inbox.routes.ts";
import { incidentRoutes } from "./incident.routes.ts";
import { inquiryRoutes } from "./inquiry.routes.ts";
import { interchangeRoutes } from "./interchange.routes.ts";
import { letterRoutes } from "./letter.routes.ts";
import { noticeRoutes } from "./notice.routes.ts";
import { obligationRoutes } from "./obligation.routes.ts";
import { processorRoutes } from "./processor.routes.ts";
import { publicationRoutes } from "./publication.routes.ts";
import { recipientRoutes } from "./recipient.routes.ts";
import type { Route } from "./route.ts";
import { scopeRoutes } from "./scope.routes.ts";
import { severityRoutes } from "./severity.routes.ts";
import { selfRoutes, staffRoutes } from "./staff.routes.ts";
import { taskRoutes } from "./task.routes.ts";
import { timelineRoutes } from "./timeline.routes.ts";
import { uploadRoutes } from "./upload.routes.ts";
import { waveRoutes } from "./wave.routes.ts";

/** Every route of the console's API. The whole surface is this list. */
export const ROUTES: readonly Route[] = [
  ...selfRoutes,
  ...staffRoutes,
  ...timelineRoutes,
  ...incidentRoutes,
  ...scopeRoutes,
  ...severityRoutes,
  ...obligationRoutes,
  ...taskRoutes,
  ...filingRoutes,
  ...processorRoutes,
  ...audienceRoutes,
  ...uploadRoutes,
  ...deltaRoutes,
  ...recipientRoutes,
  ...interchangeRoutes,
  ...inquiryRoutes,
  ...feedbackRoutes,
  ...noticeRoutes,
  ...approvalRoutes,
  ...publicationRoutes,
  ...waveRoutes,
  ...engineRoutes,
  ...deliveryRoutes,
  ...heldRoutes,
  ...letterRoutes,
  ...followupRoutes,
  ...inboxRoutes,
];
