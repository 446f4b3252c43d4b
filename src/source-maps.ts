/**
 * With `--enable-source-maps` Node reads the map of each file that it loads, and keeps it. Those of libraries
 * (TypeORM's, above all) take 8 MiB and help nobody. To be imported before everything else: of this program's
 * own files, all of them ES modules, Node has read the maps before it runs the first.
 * What is loaded later, where it is needed, has its maps.
 */
const areWanted = process.sourceMapsEnabled;
process.setSourceMapsEnabled(false);

/** Names places in `src` in stack traces again, where that was asked for. Said when libraries are loaded. */
export function useSourceMaps(): void {
  process.setSourceMapsEnabled(areWanted);
}
