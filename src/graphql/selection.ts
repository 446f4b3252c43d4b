import { type FieldNode, type GraphQLResolveInfo, Kind, type SelectionNode } from "graphql";

/** A document is parsed once and executed often, so what a field selects is worked out once per field node. */
const remembered = new WeakMap<FieldNode, Map<string, ReadonlySet<string>>>();

type Info = Pick<GraphQLResolveInfo, "fieldNodes" | "fragments" | "variableValues">;

/**
 * The names of the fields that an operation selects below a field, through fragments; `paths` name the levels to pass first, such as
 * `nodes` and `edges.node`. What @skip and @include leave out is not among them.
 */
export function selectedFields(info: Info, ...paths: readonly string[]): ReadonlySet<string> {
  const [node] = info.fieldNodes;
  if (node === undefined) return new Set();
  const known = remembered.get(node) ?? new Map<string, ReadonlySet<string>>();
  remembered.set(node, known);
  const key = paths.join(" ");
  const before = known.get(key);
  if (before !== undefined) return before;
  const walk = new Walk(info);
  const names = new Set(walk.fieldsBelow(info.fieldNodes, paths));
  // Several field nodes are merged into one only where a document says a field twice; their sum depends on the operation.
  if (info.fieldNodes.length === 1 && !walk.asksVariables) known.set(key, names);
  return names;
}

/** The fields that an operation selects at the end of a path below a field, through fragments; what is left out is not among them. */
export function fieldNodesBelow(info: Info, ...path: readonly string[]): readonly FieldNode[] {
  return new Walk(info).nodesAt(info.fieldNodes, path);
}

/** Goes down the selections of one operation. */
class Walk {
  /** Whether what is selected depends on this request's variables. */
  asksVariables = false;

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
    return nodes.flatMap((node) => this.fieldNodes(node.selectionSet?.selections ?? []));
  }

  private fieldNodes(selections: readonly SelectionNode[]): FieldNode[] {
    return selections.flatMap((selection): FieldNode[] => {
      if (this.isLeftOut(selection)) return [];
      if (selection.kind === Kind.FIELD) return [selection];
      if (selection.kind === Kind.INLINE_FRAGMENT) return this.fieldNodes(selection.selectionSet.selections);
      const fragment = this.info.fragments[selection.name.value];
      return fragment === undefined ? [] : this.fieldNodes(fragment.selectionSet.selections);
    });
  }

  private isLeftOut({ directives = [] }: SelectionNode): boolean {
    return directives.some(({ name, arguments: given = [] }) => {
      const condition = given.find((argument) => argument.name.value === "if")?.value;
      if (condition?.kind === Kind.VARIABLE) this.asksVariables = true;
      const holds =
        condition?.kind === Kind.VARIABLE
          ? this.info.variableValues[condition.name.value] === true
          : condition?.kind === Kind.BOOLEAN && condition.value;
      return (name.value === "skip" && holds) || (name.value === "include" && !holds);
    });
  }
}
