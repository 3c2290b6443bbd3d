export interface Named {
  readonly name: string;
  readonly email: string;
  readonly reference: string;
}

export function pageProblems(page: string, people: readonly Named[]): Promise<string[]>;
