import type { FieldNode } from "graphql";

/**
 * The nodes that graphql merges into one field: what is selected at one place of an operation. The same nodes
 * are the same Place, so what is known of one can be kept with it. One node alone tells little: where a
 * fragment says a field and the operation says it again, with more below it, the fragment's node stands in
 * both.
 */
export class Place {
  private readonly longer = new WeakMap<FieldNode, Place>();
  /** The same place, where objects of one type are read there. */
  private readonly ofTypes = new Map<string, Place>();

  private static readonly none = new Place();

  /** Places live as long as their nodes, which is as long as the document. */
  static of(nodes: readonly FieldNode[]): Place {
    return nodes.reduce<Place>((place, node) => place.with(node), Place.none);
  }

  as(type: string | undefined): Place {
    if (type === undefined) return this;
    const known = this.ofTypes.get(type) ?? new Place();
    this.ofTypes.set(type, known);
    return known;
  }

  private with(node: FieldNode): Place {
    const known = this.longer.get(node);
    if (known !== undefined) return known;
    const place = new Place();
    this.longer.set(node, place);
    return place;
  }
}
