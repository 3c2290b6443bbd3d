import { ASKING, CLICK, EMPTY, HEDGE, NO_EVIDENCE } from "../rule.ts";
import type { Habits } from "../rule.ts";

const NEVER = /\b(?:never|not|don[’']t|nobody)\b/i;

export const ENGLISH: Habits = {
  headings: [
    "What happened",
    "What information was involved",
    "What we are doing",
    "What you can do",
    "For more information",
  ],
  asking: {
    pattern:
      /\b(?:send|give|tell|reply|enter|confirm|verify|provide|type|update)\b[^.]{0,40}\b(?:your )(?:(?:\w+ )?password|pin\b|social security number|card number|account (?:number|details)|identity|account\b|log ?in)/i,
    unless: NEVER,
    ...ASKING,
  },
  rules: [
    {
      pattern: /\b(?:click|tap)\b/i,
      unless: NEVER,
      ...CLICK,
      instead: "Open your browser and type this address yourself: {{check_address}}",
    },
    { pattern: /we take (?:\w+ ){0,3}(?:security|privacy)(?: \w+){0,4} seriously/i, ...EMPTY },
    {
      pattern: /\bno (?:evidence|indication|sign|reason to believe)\b/i,
      ...NO_EVIDENCE,
      instead: "We do not know whether anybody has misused your information.",
    },
    { pattern: /\bout of an abundance of caution,?\s*/i, ...HEDGE, plain: "" },
    {
      pattern: /\b(?:may|might|could) have(?: been)?\b/i,
      ...HEDGE,
      instead: "We do not know yet whether your information was seen or taken.",
    },
    { pattern: /\b(?:potentially|possibly)\s+/i, ...HEDGE, plain: "" },
  ],
  jargon: [
    [
      /\b(?:an? |the )?unauthori[sz]ed (?:third )?(?:part(?:y|ies)|actors?|persons?|individuals?)\b/i,
      "somebody who had no right to it",
    ],
    [/\b(?:an? |the )?threat actors?\b/i, "criminals"],
    [/\bexfiltrat(?:ed|ion of)\b/i, "copied and taken"],
    [/\bpersonally identifiable information\b|\bPII\b/, "information about you"],
    [/\bprotected health information\b|\bPHI\b/, "information about your health"],
    [/\bdata subjects?\b/i, "people"],
    [/\bcompromised\b/i, "seen or taken"],
    [/\bcredentials\b/i, "user name and password"],
    [/\bmalware\b/i, "harmful software"],
    [/\bransomware\b/i, "software that locks computers for money"],
    [/\b(?:a )?vulnerabilit(?:y|ies)\b/i, "a weak spot in our software"],
    [/\b(?:multi|two)-factor authentication\b|\bMFA\b/i, "a second code when you log in"],
    [/\bremediat(?:e|ed|ion)\b/i, "repair"],
    [/\bmitigat(?:e|ed|ion)\b/i, "reduce"],
    [/\bforensic (?:investigation|analysis)\b/i, "examination by experts"],
    [/\bendpoints?\b/i, "computers"],
    [/\bpursuant to\b/i, "under"],
    [/\bin the event that\b/i, "if"],
    [/\bprior to\b/i, "before"],
    [/\butili[sz]e\b/i, "use"],
    [/\bcommenced?\b/i, "began"],
  ],
  special:
    /\b(?:HIV|AIDS|cancer|diagnos\w+|pregnan\w+|abortions?|mental(?: health| illness)|psychiatr\w+|depression|addiction|substance abuse|medical|health (?:records?|conditions?|data)|genetic\w*|DNA|biometric\w*|sexual\w*|sex life|transgender|religio\w+|trade union|union member\w*|political (?:opinions?|views?)|ethnic\w*|criminal record\w*|convictions?)\b/i,
  specialPlain: "sensitive personal information",
  joint: /[;:]\s+|,\s+(?:and|but|so)\s+/gi,
  stop: ".",
};
