/** The label value of what is one name too many, or no name. */
export const other = "other";

const nameLike = /^[A-Za-z_][\w.:/-]{0,63}$/;
const longNumber = /\d{7}/;

/**
 * Makes label values of texts from outside: the first N that are accepted are kept, all others are `other`.
 * So nobody can make the metrics grow, or write a person's data into them.
 */
export class BoundedLabels {
  private readonly known = new Set<string>();

  constructor(
    private readonly most: number,
    private readonly accepts: (text: string) => boolean = isNameLike,
  ) {}

  admit(text: string): string {
    if (this.known.has(text)) return text;
    if (this.known.size >= this.most || !this.accepts(text)) return other;
    this.known.add(text);
    return text;
  }
}

/**
 * Whether a client's text may be shown in metrics, logs and traces: an identifier without a number that is as
 * long as a telephone number.
 */
export function isNameLike(text: string): boolean {
  return nameLike.test(text) && !longNumber.test(text);
}
