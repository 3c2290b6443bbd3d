// How start.mjs reads what it was given. Apart, so that it can be tested.

/**
 * Options by command: `flag` stands alone, `value` takes what follows. npm keeps options for
 * itself unless `--` comes first: `npm run demo --recipients 500 --exit` arrives as the bare word
 * `500` with npm_config_recipients=true and npm_config_exit=true. We read those back.
 */
export const OPTIONS = {
  demo: { recipients: "value", exit: "flag", json: "flag" },
  bench: { rows: "value", rounds: "value", recipients: "value", json: "flag" },
  chaos: {
    only: "value",
    seed: "value",
    people: "value",
    kills: "value",
    quick: "flag",
    marathon: "flag",
    json: "flag",
  },
};

/** The options of a command, spelled as if `--` had been used. */
export function commandOptions(name, given, environment) {
  const rest = [...given];
  const eaten = [];
  for (const [option, kind] of Object.entries(OPTIONS[name] ?? {})) {
    const said = environment[`npm_config_${option}`];
    const spelled = rest.some((each) => each === `--${option}` || each.startsWith(`--${option}=`));
    if (!said || spelled) continue;
    if (kind === "flag") eaten.push(`--${option}`);
    else if (said !== "true") eaten.push(`--${option}`, said);
    else eaten.push(`--${option}`, ...takeBareWord(rest));
  }
  return [...eaten, ...rest.filter((each) => each !== "--")];
}

/** What a child should see: our options are not settings of the npm that it may run. */
export function cleanEnvironment(environment) {
  const ours = new Set(
    Object.values(OPTIONS).flatMap((each) => Object.keys(each).map((name) => `npm_config_${name}`)),
  );
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !ours.has(name)));
}

/**
 * Whether what is installed is what the lock says: every package at its version, and none
 * missing but optional ones for other platforms.
 */
export function installedMatchesLock(wanted, present) {
  if (!wanted || !present) return false;
  const packages = Object.entries(wanted.packages).filter(([path]) => path !== "");
  const known = new Set(packages.map(([path]) => path));
  if (Object.keys(present.packages).some((path) => !known.has(path))) return false;
  return packages.every(([path, { version, optional }]) => {
    const installed = present.packages[path];
    return installed ? installed.version === version : optional === true;
  });
}

/** A value that npm left standing alone; the first bare word is the first value's. */
function takeBareWord(rest) {
  const at = rest.findIndex((each) => !each.startsWith("-"));
  return at < 0 ? [] : rest.splice(at, 1);
}
