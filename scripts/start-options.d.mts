type Environment = Readonly<Record<string, string | undefined>>;
interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly version?: string; readonly optional?: boolean }>
  >;
}

export declare function commandOptions(
  name: string,
  given: readonly string[],
  environment: Environment,
): string[];
export declare function cleanEnvironment(environment: Environment): Record<string, string>;
export declare function installedMatchesLock(
  wanted: Lock | undefined,
  present: Lock | undefined,
): boolean;
