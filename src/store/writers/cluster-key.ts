let last = 0;

/**
 * A cluster key: microseconds since 1970, and greater than all that this process made before. Another
 * instance may make the same; then the database refuses the second as a duplicate, and its transaction runs
 * again.
 */
export function newClusterKey(): number {
  last = Math.max(last + 1, Date.now() * 1_000 + Math.floor(Math.random() * 1_000));
  return last;
}
