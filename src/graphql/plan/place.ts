import type { FieldNode } from "graphql";

/**
 * The nodes that graphql merges into one field: what is selected at one place of an operation. The same nodes
 * are the same Place, so what is known of one can be kept with it. One node alone tells little: where a
 * fragment says a field and the operation says it again, with more below it, the fragment's node stands in
 * both.
 */
export class Place {
  /** The names of the fields below, by the path to them. */
  readonly selected = new Map<string, ReadonlySet<string>>();
  private readonly longer = new WeakMap<FieldNode, Place>();

  private static readonly none = new Place();

  /** Places live as long as their nodes, which is as long as the document. */
  static of(nodes: readonly FieldNode[]): Place {
    return nodes.reduce<Place>((place, node) => place.with(node), Place.none);
  }

  private with(node: FieldNode): Place {
    const known = this.longer.get(node);
    if (known !== undefined) return known;
    const place = new Place();
    this.longer.set(node, place);
    return place;
  }
}
