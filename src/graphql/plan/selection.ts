import { type FieldNode, type GraphQLResolveInfo, Kind, type SelectionNode } from "graphql";
import { Place } from "./place.js";

/** Of an operation whose conditions are settled (see conditions.ts). */
export type Info = Pick<GraphQLResolveInfo, "fieldNodes" | "fragments"> & {
  /** Which type an interface's field is read as; what is selected of others is left out. */
  readonly type?: string;
  /** Where the field stands, as {@link Place.of} tells; plans know it. */
  readonly place?: Place;
};

/** The level right below a field. */
const rightBelow: readonly string[] = [];

/**
 * Works out once for each place of an operation what its selection means: a document is parsed once and
 * executed often.
 * @returns the same for the same place, type and paths, which are told apart by identity
 */
export function oncePerPlace<Made>(
  make: (info: Info, paths: readonly string[]) => Made,
): (info: Info, paths?: readonly string[]) => Made {
  const made = new WeakMap<Place, Map<readonly string[], Made>>();
  return (info, paths = rightBelow) => {
    const place = (info.place ?? Place.of(info.fieldNodes)).as(info.type);
    const known = made.get(place) ?? new Map<readonly string[], Made>();
    made.set(place, known);
    const value = known.get(paths) ?? make(info, paths);
    known.set(paths, value);
    return value;
  };
}

/**
 * The names of the fields that an operation selects below a field, through fragments; `paths` name the levels
 * to pass first, such as `nodes` and `edges.node`.
 */
export const selectedFields = oncePerPlace(
  (info, paths): ReadonlySet<string> => new Set(new Walk(info).fieldsBelow(info.fieldNodes, paths)),
);

/** The fields that an operation selects at the end of a path below a field, through fragments. */
export function fieldNodesBelow(info: Info, ...path: readonly string[]): readonly FieldNode[] {
  return new Walk(info).nodesAt(info.fieldNodes, path);
}

/** Goes down the selections of one operation. */
class Walk {
  constructor(private readonly info: Info) {}

  fieldsBelow(nodes: readonly FieldNode[], paths: readonly string[]): string[] {
    if (paths.length === 0) return this.children(nodes).map(({ name }) => name.value);
    return paths.flatMap((path) =>
      this.children(this.nodesAt(nodes, path.split("."))).map(({ name }) => name.value),
    );
  }

  nodesAt(nodes: readonly FieldNode[], path: readonly string[]): readonly FieldNode[] {
    return path.reduce(
      (level, step) => this.children(level).filter(({ name }) => name.value === step),
      nodes,
    );
  }

  private children(nodes: readonly FieldNode[]): FieldNode[] {
    const spread = new Set<string>();
    return nodes.flatMap((node) => this.fieldNodes(node.selectionSet?.selections ?? [], spread));
  }

  /**
   * @param spread the fragments of this level so far: each counts once, or one that spreads another twice,
   * and so on, would have no end
   */
  private fieldNodes(selections: readonly SelectionNode[], spread: Set<string>): FieldNode[] {
    return selections.flatMap((selection): FieldNode[] => {
      if (selection.kind === Kind.FIELD) return [selection];
      if (selection.kind === Kind.FRAGMENT_SPREAD) {
        if (spread.has(selection.name.value)) return [];
        spread.add(selection.name.value);
      }
      const fragment =
        selection.kind === Kind.INLINE_FRAGMENT ? selection : this.info.fragments[selection.name.value];
      if (fragment === undefined || !this.isOf(fragment.typeCondition?.name.value)) return [];
      return this.fieldNodes(fragment.selectionSet.selections, spread);
    });
  }

  /** Only an interface's field has fragments on a type that an object may not be of. */
  private isOf(type: string | undefined): boolean {
    return type === undefined || this.info.type === undefined || type === this.info.type || type === "Node";
  }
}
