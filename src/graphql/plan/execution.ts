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
    const text = writer.root(level);
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
  /** What was written so far: joining all of it once is less work than adding to a text again and again. */
  private readonly pieces: string[] = [];

  /** @returns undefined where null takes the place of all of it */
  root(level: Level): string | undefined {
    return this.object(level, 0) ? this.pieces.join("") : undefined;
  }

  /**
   * Each of these writes one value.
   * @returns false where it must not be null and has no value, which was told
   */
  private object({ selection, objects, columns }: Level, index: number): boolean {
    const { fields } = selection;
    this.pieces.push("{");
    for (let at = 0; at < fields.length; at += 1) {
      const field = fields[at];
      if (field === undefined) continue;
      this.pieces.push(field.prefix);
      const column = columns[at];
      const isWritten =
        column === undefined
          ? this.property(field, objects[index])
          : this.named(field, column.slots[index], column.below);
      if (!isWritten) return false;
    }
    this.pieces.push("}");
    return true;
  }

  private property(field: PlannedField, object: unknown): boolean {
    const { origin, shape, property } = field;
    if (origin.kind === "constant") {
      this.pieces.push(origin.text);
      return true;
    }
    const value = (object as Readonly<Record<string, unknown>> | undefined)?.[property];
    if (shape.kind !== "leaf" || value === null || value === undefined) return this.named(field, value);
    try {
      this.pieces.push(shape.write(value));
      return true;
    } catch {
      return this.named(field, value);
    }
  }

  private named(field: PlannedField, slot: Slot, below?: Level): boolean {
    this.path.push(field.name);
    const isWritten = this.value(field, field.shape, slot, below);
    this.path.pop();
    return isWritten;
  }

  private value(field: PlannedField, shape: Shape, slot: Slot, below: Level | undefined): boolean {
    const begun = this.pieces.length;
    if (slot === null || slot === undefined) {
      if (shape.isNonNull)
        this.fail(field, new Error(`Cannot return null for non-nullable field ${field.coordinate}.`));
    } else if (this.present(field, shape, slot, below)) return true;
    if (shape.isNonNull) return false;
    this.pieces.length = begun;
    this.pieces.push("null");
    return true;
  }

  private present(field: PlannedField, shape: Shape, slot: Slot, below: Level | undefined): boolean {
    if (slot instanceof Failure) {
      this.fail(field, slot.error);
      return false;
    }
    if (shape.kind === "leaf") {
      try {
        this.pieces.push(shape.write(slot));
        return true;
      } catch (error) {
        this.fail(field, error);
        return false;
      }
    }
    if (shape.kind === "list") return this.list(field, shape.item, slot as readonly Slot[], below);
    if (shape.kind === "object") return below !== undefined && this.object(below, slot as number);
    const { level, index } = slot as TypedObject;
    return this.object(level, index);
  }

  private list(field: PlannedField, item: Shape, slots: readonly Slot[], below: Level | undefined): boolean {
    this.pieces.push("[");
    for (let index = 0; index < slots.length; index += 1) {
      if (index > 0) this.pieces.push(",");
      this.path.push(index);
      const isWritten = this.value(field, item, slots[index], below);
      this.path.pop();
      if (!isWritten) return false;
    }
    this.pieces.push("]");
    return true;
  }

  private fail({ nodes }: PlannedField, error: unknown): void {
    this.errors.push(locatedError(error, nodes, [...this.path]));
  }
}
