/** A report on paper: a title, lines under it, and parts with their text. */
export interface Report {
  readonly title: string;
  readonly author: string;
  readonly madeAt: Date;
  readonly lines: readonly string[];
  readonly parts: readonly {
    readonly label: string;
    readonly source: string;
    readonly text: string;
  }[];
}
