import { ArgsType, Field, Int } from "type-graphql";
import { BadInputError } from "../../errors.js";
import type { Window } from "../../store/readers/page.js";
import type { CursorCodec } from "../cursors.js";

/** Items of a page where neither `first` nor `last` is given, and at the most. */
export const defaultSize = 50;
export const greatestSize = 200;

@ArgsType()
export class PageArgs {
  @Field(() => Int, {
    nullable: true,
    description: `Returns the first N items: ${defaultSize} by default, at most ${greatestSize}.`,
  })
  readonly first?: number | null;

  @Field(() => String, {
    nullable: true,
    description: "Returns only items after this cursor of the same list.",
  })
  readonly after?: string | null;

  @Field(() => Int, {
    nullable: true,
    description: `Returns the last N items: at most ${greatestSize}. Not together with \`first\`.`,
  })
  readonly last?: number | null;

  @Field(() => String, {
    nullable: true,
    description: "Returns only items before this cursor of the same list.",
  })
  readonly before?: string | null;
}

/**
 * What the page arguments of a list ask for.
 * @param list the list and its order, as in the cursors it hands out
 * @throws BadInputError naming the argument and the rule
 */
export function windowOf(
  { first, after, last, before }: { readonly [Name in keyof PageArgs]?: PageArgs[Name] | undefined },
  cursors: CursorCodec,
  list: string,
): Window {
  if (isGiven(first) && isGiven(last)) {
    const rule = "must not be given together";
    throw new BadInputError(`first and last: ${rule}.`, [
      { field: "first", rule },
      { field: "last", rule },
    ]);
  }
  return {
    limit: isGiven(last) ? size("last", last) : isGiven(first) ? size("first", first) : defaultSize,
    fromEnd: isGiven(last),
    after: isGiven(after) ? cursors.decode(list, after, "after") : undefined,
    before: isGiven(before) ? cursors.decode(list, before, "before") : undefined,
  };
}

function isGiven<Value>(value: Value | null | undefined): value is Value {
  return value !== null && value !== undefined;
}

function size(argument: string, value: number): number {
  if (value < 0 || value > greatestSize) {
    throw new BadInputError(`${argument}: must be between 0 and ${greatestSize}.`, [
      { field: argument, rule: `must be between 0 and ${greatestSize}` },
    ]);
  }
  return value;
}
