const perMillisecond = 4_096;
/** JavaScript's whole numbers are exact for 69 years from here. */
const since = Date.UTC(2026, 0, 1);
/** A burst of keys does not bring them as far ahead of the clock. */
const farAhead = 10 * perMillisecond;

/**
 * Makes cluster keys: each is greater than all before, and goes by the clock. Of each millisecond's 4,096
 * they begin with one at random and count up. Another instance may make the same one even so: then the
 * database refuses the second as a duplicate, and its transaction runs again. Where the clock was set back,
 * two instances would count through the same numbers; so there each step is random.
 */
export function clusterKeys(): () => number {
  let last = 0;
  return () => {
    const now = (Date.now() - since) * perMillisecond;
    if (last < now) last = now + Math.floor(Math.random() * perMillisecond);
    else last += last - now < farAhead ? 1 : 1 + Math.floor(Math.random() * 1_000);
    return last;
  };
}

export const newClusterKey = clusterKeys();
