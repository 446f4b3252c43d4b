import { useSyncExternalStore } from "react";

/** Where in the board one is: it stands behind the `#` of the address, so that any path prefix works. */
export interface Route {
  /** The first part, such as `sessions`. */
  readonly page: string;
  /** What comes after it, such as a session's id. */
  readonly id: string | undefined;
  readonly parameters: URLSearchParams;
}

/** Reads the part of an address that begins with `#`. */
export function readRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?");
  const [page = "", id] = path.split("/");
  return {
    page: page === "" ? "now" : page,
    id: id === undefined || id === "" ? undefined : decoded(id),
    parameters: new URLSearchParams(query),
  };
}

/** What is not encoded as it should be is taken as it is: no session has such an id. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The address of a page of the board. */
export function addressOf(path: string, parameters?: URLSearchParams): string {
  const query = parameters?.toString() ?? "";
  return query === "" ? `#/${path}` : `#/${path}?${query}`;
}

/** The part of the address that begins with `#`; the component is rendered again when it changes. */
export function useHash(): string {
  return useSyncExternalStore(
    (changed) => {
      window.addEventListener("hashchange", changed);
      return () => {
        window.removeEventListener("hashchange", changed);
      };
    },
    () => window.location.hash,
  );
}
