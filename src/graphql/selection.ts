import { type FieldNode, type GraphQLResolveInfo, Kind, type SelectionNode } from "graphql";

/** A document is parsed once and executed often, so what a field selects is worked out once per field node. */
const remembered = new WeakMap<FieldNode, Map<string, ReadonlySet<string>>>();

type Info = Pick<GraphQLResolveInfo, "fieldNodes" | "fragments">;

/**
 * The names of the fields that an operation selects below a field, through fragments; `paths` name the levels to pass first, such as
 * `nodes` and `edges.node`. What @skip and @include leave out counts as selected: reading a column in vain is harmless.
 */
export function selectedFields(info: Info, ...paths: readonly string[]): ReadonlySet<string> {
  const [node] = info.fieldNodes;
  if (node === undefined) return new Set();
  const known = remembered.get(node) ?? new Map<string, ReadonlySet<string>>();
  remembered.set(node, known);
  const key = paths.join(" ");
  let names = known.get(key);
  if (names === undefined) {
    names = new Set(fieldsBelow(info, paths));
    // Several field nodes are merged into one only where a document says a field twice; their sum depends on the operation.
    if (info.fieldNodes.length === 1) known.set(key, names);
  }
  return names;
}

function fieldsBelow(info: Info, paths: readonly string[]): string[] {
  const children = (nodes: readonly FieldNode[]) =>
    nodes.flatMap((node) => fieldNodes(info, node.selectionSet?.selections ?? []));
  if (paths.length === 0) return children(info.fieldNodes).map(({ name }) => name.value);
  return paths.flatMap((path) => {
    let level: readonly FieldNode[] = info.fieldNodes;
    for (const step of path.split(".")) level = children(level).filter(({ name }) => name.value === step);
    return children(level).map(({ name }) => name.value);
  });
}

function fieldNodes(info: Info, selections: readonly SelectionNode[]): FieldNode[] {
  return selections.flatMap((selection): FieldNode[] => {
    if (selection.kind === Kind.FIELD) return [selection];
    if (selection.kind === Kind.INLINE_FRAGMENT) return fieldNodes(info, selection.selectionSet.selections);
    const fragment = info.fragments[selection.name.value];
    return fragment === undefined ? [] : fieldNodes(info, fragment.selectionSet.selections);
  });
}
