import { type GraphQLError, type GraphQLObjectType, locatedError } from "graphql";
import { JsonText } from "./json-text.js";
import type { Plan, PlannedField, Selection, Shape } from "./plan.js";

/** Why there is no value. */
class Failure {
  constructor(readonly error: unknown) {}
}

/**
 * A value in its place: a leaf as it was read, a list of slots, an object by its index in the level of its
 * type, null, or why there is none.
 */
type Slot = unknown;

/** An object where its type is not known from the field's. */
interface TypedObject {
  readonly level: Level;
  readonly index: number;
}

/** The values of one field for all objects of a level. */
interface Column {
  readonly slots: readonly Slot[];
  /** The objects among them, where the field's type is an object type. */
  readonly below?: Level | undefined;
}

/** All objects at one place of an operation: what is asked of them is asked once. */
class Level {
  readonly objects: unknown[] = [];
  /** By field; undefined where the writer takes the property of each object. */
  readonly columns: (Column | undefined)[] = [];

  constructor(readonly selection: Selection) {}
}

/** What an operation answers. */
export interface Executed {
  readonly data: JsonText | null;
  readonly errors?: readonly GraphQLError[];
}

/**
 * Reads what a plan asks for, level by level, and writes it as JSON. A level has one promise for each of its
 * fields that is not a property, however many objects it has.
 */
export class Execution {
  constructor(
    private readonly plan: Plan,
    private readonly context: unknown,
    /** Coerced. */
    private readonly variables: Readonly<Record<string, unknown>>,
  ) {}

  /** @param root what the operation's own fields are asked of */
  async run(root: unknown): Promise<Executed> {
    const level = new Level(this.plan.root);
    level.objects.push(root);
    await this.fill(level);
    const writer = new Writer();
    const text = writer.object(level, 0);
    const data = text === undefined ? null : new JsonText(text);
    return writer.errors.length === 0 ? { data } : { errors: writer.errors, data };
  }

  private async fill(level: Level): Promise<void> {
    const { selection, objects, columns } = level;
    const pending: Promise<void>[] = [];
    for (const [index, field] of selection.fields.entries()) {
      const { kind } = field.origin;
      if (kind === "constant") continue;
      if (kind === "property" && field.shape.kind === "leaf") continue;
      const take = async (values: readonly unknown[]) => {
        const { column, levels } = place(field, values);
        columns[index] = column;
        await Promise.all(levels.map((below) => this.fill(below)));
      };
      const values = this.read(field, objects);
      pending.push(values instanceof Promise ? values.then(take) : take(values));
    }
    if (pending.length > 0) await Promise.all(pending);
  }

  /** The values of a field for each of these objects. */
  private read(
    field: PlannedField,
    objects: readonly unknown[],
  ): readonly unknown[] | Promise<readonly unknown[]> {
    const { origin, property } = field;
    if (origin.kind === "property" || origin.kind === "constant")
      return objects.map((object) => (object as Readonly<Record<string, unknown>> | undefined)?.[property]);
    const failed = (error: unknown) => objects.map(() => new Failure(error));
    try {
      const given = field.argumentsWith(this.variables);
      const info = field.infoWith(this.variables) as Parameters<typeof origin.resolve>[3];
      const ask = (root: unknown) => origin.resolve(root, given, this.context, info);
      return origin.kind === "all"
        ? Promise.resolve(ask(objects) as unknown[]).catch(failed)
        : askEach(objects, ask);
    } catch (error) {
      return failed(error);
    }
  }
}

function askEach(
  objects: readonly unknown[],
  ask: (root: unknown) => unknown,
): readonly unknown[] | Promise<readonly unknown[]> {
  const values = objects.map((object) => {
    try {
      const value = ask(object);
      return value instanceof Promise ? value.catch((error: unknown) => new Failure(error)) : value;
    } catch (error) {
      return new Failure(error);
    }
  });
  return values.some((value) => value instanceof Promise) ? Promise.all(values) : values;
}

/** Puts values in their slots, and the objects among them on the levels below. */
function place(
  field: PlannedField,
  values: readonly unknown[],
): { readonly column: Column; readonly levels: readonly Level[] } {
  const { shape } = field;
  if (shape.kind === "leaf") return { column: { slots: values }, levels: [] };
  const levels = new Map<GraphQLObjectType, Level>();
  const levelOf = (type: GraphQLObjectType) => {
    const known = levels.get(type);
    if (known !== undefined) return known;
    const level = new Level(field.selectionOf(type));
    levels.set(type, level);
    return level;
  };
  const slotOf = (within: Shape, value: unknown): Slot => {
    if (value === null || value === undefined || value instanceof Failure) return value;
    if (within.kind === "leaf") return value;
    if (within.kind === "list") {
      if (!Array.isArray(value))
        return new Failure(new Error(`${field.coordinate} has a value that is no list.`));
      return value.map((item: unknown) => slotOf(within.item, item));
    }
    if (within.kind === "object") return levelOf(within.type).objects.push(value) - 1;
    try {
      const level = levelOf(field.typeOf(value));
      return { level, index: level.objects.push(value) - 1 } satisfies TypedObject;
    } catch (error) {
      return new Failure(error);
    }
  };
  const slots = values.map((value) => slotOf(shape, value));
  const below = [...levels.values()];
  const [only] = below;
  return { column: { slots, below: only }, levels: below };
}

/** Writes what was read; null takes the place of what failed, as far up as GraphQL says. */
class Writer {
  readonly errors: GraphQLError[] = [];
  private readonly path: (string | number)[] = [];

  /** @returns undefined where a field that must not be null has no value, which was told */
  object({ selection, objects, columns }: Level, index: number): string | undefined {
    let text = "{";
    const { fields } = selection;
    for (let at = 0; at < fields.length; at += 1) {
      const field = fields[at];
      if (field === undefined) continue;
      const column = columns[at];
      const written =
        column === undefined ? this.property(field, objects[index]) : this.value(field, column, index);
      if (written === undefined) return undefined;
      text += field.prefix + written;
    }
    return `${text}}`;
  }

  private property(field: PlannedField, object: unknown): string | undefined {
    if (field.origin.kind === "constant") return field.origin.text;
    const value = (object as Readonly<Record<string, unknown>> | undefined)?.[field.property];
    return this.named(field, value);
  }

  private value(field: PlannedField, { slots, below }: Column, index: number): string | undefined {
    return this.named(field, slots[index], below);
  }

  private named(field: PlannedField, slot: Slot, below?: Level): string | undefined {
    this.path.push(field.name);
    const written = this.write(field, field.shape, slot, below);
    this.path.pop();
    return written;
  }

  private write(field: PlannedField, shape: Shape, slot: Slot, below: Level | undefined): string | undefined {
    if (slot === null || slot === undefined) {
      if (!shape.isNonNull) return "null";
      this.fail(field, new Error(`Cannot return null for non-nullable field ${field.coordinate}.`));
      return undefined;
    }
    const written = this.present(field, shape, slot, below);
    return written ?? (shape.isNonNull ? undefined : "null");
  }

  private present(
    field: PlannedField,
    shape: Shape,
    slot: Slot,
    below: Level | undefined,
  ): string | undefined {
    if (slot instanceof Failure) {
      this.fail(field, slot.error);
      return undefined;
    }
    if (shape.kind === "leaf") {
      try {
        return shape.write(slot);
      } catch (error) {
        this.fail(field, error);
        return undefined;
      }
    }
    if (shape.kind === "list") return this.list(field, shape.item, slot as readonly Slot[], below);
    if (shape.kind === "object") return below && this.object(below, slot as number);
    const { level, index } = slot as TypedObject;
    return this.object(level, index);
  }

  private list(
    field: PlannedField,
    item: Shape,
    slots: readonly Slot[],
    below: Level | undefined,
  ): string | undefined {
    let text = "[";
    for (let index = 0; index < slots.length; index += 1) {
      this.path.push(index);
      const written = this.write(field, item, slots[index], below);
      this.path.pop();
      if (written === undefined) return undefined;
      text += index === 0 ? written : `,${written}`;
    }
    return `${text}]`;
  }

  private fail({ nodes }: PlannedField, error: unknown): void {
    this.errors.push(locatedError(error, nodes, [...this.path]));
  }
}
