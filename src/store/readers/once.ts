/**
 * Works out once for each list of fields, or each order, what statements and records need to know of it: what
 * is asked for at a place of an operation is one list, time after time (see graphql/plan/fields.ts).
 */
export function onceFor<Key extends object, Made>(make: (key: Key) => Made): (key: Key) => Made {
  const made = new WeakMap<Key, Made>();
  return (key) => {
    const known = made.get(key) ?? make(key);
    made.set(key, known);
    return known;
  };
}
